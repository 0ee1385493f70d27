"""What customers read on a credit note as its reason."""

from kontor.claims.states import GoodwillReason

R = GoodwillReason
_WORDS: dict[str, dict[GoodwillReason, str]] = {
    "de": {
        R.LATE: "Kulanz: verspätete Lieferung", R.DAMAGED: "Kulanz: beschädigter Artikel",
        R.WRONG_ITEM: "Kulanz: falscher Artikel", R.MISSING_ITEM: "Kulanz: fehlender Artikel",
        R.QUALITY: "Kulanz: Mangel", R.SERVICE: "Kulanz", R.PRICE: "Kulanz: Preisangleichung",
        R.LOYALTY: "Kulanz: für Ihre Treue", R.OTHER: "Kulanz",
    },
    "en": {
        R.LATE: "Goodwill: late delivery", R.DAMAGED: "Goodwill: damaged item", R.WRONG_ITEM: "Goodwill: wrong item",
        R.MISSING_ITEM: "Goodwill: missing item", R.QUALITY: "Goodwill: defect", R.SERVICE: "Goodwill",
        R.PRICE: "Goodwill: price match", R.LOYALTY: "Goodwill: for your loyalty", R.OTHER: "Goodwill",
    },
}  # fmt: skip


def reason_text(reason: GoodwillReason, language: str) -> str:
    """The reason in the customer's language; English where there are no words of it."""
    return _WORDS.get(language[:2], _WORDS["en"])[reason]
