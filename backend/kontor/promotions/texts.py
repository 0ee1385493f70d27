"""What promotions gave and why others did not, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontor.promotions.values import Grant, Reason, Refusal

_REASONS: Mapping[str, Mapping[Reason, str]] = {
    "en": {
        Reason.NOT_YET_VALID: "Counts only from {from} on.",
        Reason.ENDED: "Has ended.",
        Reason.OTHER_CHANNEL: "Is not for this channel.",
        Reason.OTHER_CURRENCY: "Is for {currency} only.",
        Reason.OTHER_CUSTOMERS: "Is for the groups {groups} only.",
        Reason.COUPON_MISSING: "Needs a coupon.",
        Reason.NO_GOODS: "Nothing in the basket belongs to it.",
        Reason.NOT_ENOUGH_GOODS: "The goods it takes are not all in the basket, or cost no less with it.",
        Reason.MINIMUM_VALUE: "Needs goods for {needed}; there are {present}.",
        Reason.MINIMUM_QUANTITY: "Needs {needed} pieces; there are {present}.",
        Reason.CONDITION: "Its condition does not hold.",
        Reason.CONDITION_FAILED: "Its condition cannot be told: {message}",
        Reason.BUDGET_SPENT: "Its budget has {left} left; {needed} would be given.",
        Reason.USES_SPENT: "Was given {uses} times, as often as it may be.",
        Reason.GIFT_NOT_IN_BASKET: "Is earned: {quantity} of {choices} may be added to the basket.",
        Reason.NO_SHIPPING_FEE: "There is no shipping fee to waive.",
        Reason.NOTHING_TO_GIVE: "The goods cost nothing any more.",
        Reason.EXCLUDED: "Does not go together with {by}, which comes first.",
        Reason.NOT_BEST: "Does not go together with {by}, which is better for the customer.",
    },
    "de": {
        Reason.NOT_YET_VALID: "Gilt erst ab {from}.",
        Reason.ENDED: "Ist beendet.",
        Reason.OTHER_CHANNEL: "Gilt nicht für diesen Kanal.",
        Reason.OTHER_CURRENCY: "Gilt nur für {currency}.",
        Reason.OTHER_CUSTOMERS: "Gilt nur für die Gruppen {groups}.",
        Reason.COUPON_MISSING: "Braucht einen Gutschein.",
        Reason.NO_GOODS: "Nichts im Warenkorb gehört dazu.",
        Reason.NOT_ENOUGH_GOODS: "Nicht alle Waren dafür sind im Warenkorb, oder sie kosten damit nicht weniger.",
        Reason.MINIMUM_VALUE: "Braucht Waren für {needed}; es sind {present}.",
        Reason.MINIMUM_QUANTITY: "Braucht {needed} Stück; es sind {present}.",
        Reason.CONDITION: "Die Bedingung ist nicht erfüllt.",
        Reason.CONDITION_FAILED: "Die Bedingung lässt sich nicht auswerten: {message}",
        Reason.BUDGET_SPENT: "Vom Budget sind noch {left} übrig; {needed} würden gewährt.",
        Reason.USES_SPENT: "Wurde {uses}-mal gewährt, so oft wie erlaubt.",
        Reason.GIFT_NOT_IN_BASKET: "Ist verdient: {quantity} von {choices} darf in den Warenkorb.",
        Reason.NO_SHIPPING_FEE: "Es gibt keine Versandkosten zu erlassen.",
        Reason.NOTHING_TO_GIVE: "Die Waren kosten schon nichts mehr.",
        Reason.EXCLUDED: "Verträgt sich nicht mit {by}, das vorgeht.",
        Reason.NOT_BEST: "Verträgt sich nicht mit {by}, das für den Kunden besser ist.",
    },
}
_GRANTS = {"en": "{amount} off {units} pcs by {name}", "de": "{amount} weniger auf {units} Stück durch {name}"}
_MONEY = frozenset({"needed", "present", "left"})
_COUNTED = frozenset({Reason.MINIMUM_QUANTITY})


def reason_text(refusal: Refusal, language: str, currency: str) -> str:
    """Why a promotion gave nothing; English for languages we do not speak."""
    texts = _REASONS.get(language, _REASONS["en"])
    return texts[refusal.reason].format_map(
        {name: _said(refusal, name, value, language, currency) for name, value in refusal.facts.items()}
    )


def _said(refusal: Refusal, name: str, value: Any, *money: str) -> str:
    if name in _MONEY and refusal.reason not in _COUNTED:
        return money_text(value, *money)
    return ", ".join(value) if isinstance(value, list) else str(value)


def grant_text(grant: Grant, name: str, language: str, currency: str) -> str:
    """What a promotion took off a line."""
    text = _GRANTS.get(language, _GRANTS["en"])
    return text.format(amount=money_text(grant.amount, language, currency), units=grant.units, name=name)


def money_text(amount: int, language: str, currency: str) -> str:
    """An amount with its currency, as people read it: 1.234,50 EUR in German, else 1,234.50 EUR."""
    decimals = 0 if currency in _WHOLE else 2
    whole, rest = divmod(amount, 10**decimals)
    number = f"{whole:,}.{rest:0{decimals}}" if decimals else f"{whole:,}"
    if language == "de":
        number = number.translate(_GERMAN)
    return f"{number} {currency}"


_GERMAN = str.maketrans(",.", ".,")

# ISO 4217 currencies without a minor unit that shops in Europe and beyond meet.
_WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})
