"""From reasons to a decision, and reasons in words. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from kontor.risk.values import Decision, Limits, Reason, Verdict


def verdict(reasons: Iterable[Reason], limits: Limits) -> Verdict:
    """What follows from the reasons: what one of them forces, strictest first, else what the sum of scores says.

    ACCEPT is forced by a trusted value only where nothing forces more; it then outweighs every score.
    """
    found = tuple(sorted(reasons, key=lambda reason: -reason.score))
    score = max(0, sum(reason.score for reason in found))
    forced = {reason.decision for reason in found}
    for decision in (Decision.REJECT, Decision.REVIEW, Decision.ACCEPT):
        if decision in forced:
            return Verdict(decision, score, found)
    if score >= limits.reject_score:
        return Verdict(Decision.REJECT, score, found)
    return Verdict(Decision.REVIEW if score >= limits.review_score else Decision.ACCEPT, score, found)


_KINDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "EMAIL": "E-Mail-Adresse", "ADDRESS": "Lieferadresse", "PHONE": "Telefonnummer", "CUSTOMER": "Kundenkonto",
        "IP": "Netzwerkadresse",
    },
    "en": {
        "EMAIL": "email address", "ADDRESS": "delivery address", "PHONE": "phone number", "CUSTOMER": "customer",
        "IP": "network address",
    },
}  # fmt: skip
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "BLOCKED": "Auf der Sperrliste: {kind}.",
        "TRUSTED": "Auf der Vertrauensliste: {kind}.",
        "VELOCITY": "{orders} Bestellungen in 24 Stunden, {kind} dieselbe (erlaubt: {limit}).",
        "HIGH_AMOUNT": "Der Betrag {amount} liegt über der Grenze von {limit}.",
        "ABOVE_USUAL": "Der Betrag {amount} ist ein Vielfaches des Üblichen ({usual}).",
        "COUNTRIES_DIFFER": "Rechnung nach {billing}, Lieferung nach {shipping}.",
        "PARCEL_LOCKER": "Lieferung an Packstation, Paketshop oder Postfach.",
        "FREEMAIL_HIGH_AMOUNT": "Erste Bestellung über {amount} mit einer freien Adresse ({domain}).",
        "DECLINES": "{declines} abgelehnte Zahlungen in 24 Stunden (erlaubt: unter {limit}).",
        "MANY_CARDS": "{cards} verschiedene Karten (erlaubt: unter {limit}).",
        "RULE_FAILED": "Die Regel {rule} konnte nicht geprüft werden: {problem}",
    },
    "en": {
        "BLOCKED": "On the block list: {kind}.",
        "TRUSTED": "On the trust list: {kind}.",
        "VELOCITY": "{orders} orders within 24 hours with the same {kind} (allowed: {limit}).",
        "HIGH_AMOUNT": "The amount of {amount} is above the limit of {limit}.",
        "ABOVE_USUAL": "The amount of {amount} is many times the usual {usual}.",
        "COUNTRIES_DIFFER": "Billed to {billing}, delivered to {shipping}.",
        "PARCEL_LOCKER": "Delivered to a parcel locker, parcel shop or post box.",
        "FREEMAIL_HIGH_AMOUNT": "A first order of {amount} with a free address ({domain}).",
        "DECLINES": "{declines} declined payments within 24 hours (allowed: below {limit}).",
        "MANY_CARDS": "{cards} different cards (allowed: below {limit}).",
        "RULE_FAILED": "The rule {rule} could not be checked: {problem}",
    },
}
_AMOUNTS = ("amount", "limit", "usual")


def describe(reason: Mapping[str, Any], language: str) -> str:
    """A kept reason in words, in German or else English; a retailer's own rule says what its text says."""
    language = "de" if language == "de" else "en"
    own = reason.get("text")
    if own:
        return str(own.get(language) or next(iter(own.values())))
    template = _TEXTS[language].get(reason["code"])
    if template is None:
        return str(reason["code"])
    params = dict(reason.get("params") or {})
    currency = params.get("currency")
    if currency is not None:
        params.update({name: _money(params[name], currency, language) for name in _AMOUNTS if name in params})
    if "kind" in params:
        params["kind"] = _KINDS[language].get(params["kind"], params["kind"])
    return template.format(**params)


def _money(amount: int, currency: str, language: str) -> str:
    digits = 0 if currency in ("JPY", "KRW") else 2
    whole, part = divmod(amount, 10**digits)
    text = f"{whole:,}"
    if language == "de":
        text = text.replace(",", ".")
    mark = "," if language == "de" else "."
    return f"{text}{mark}{part:0{digits}d} {currency}" if digits else f"{text} {currency}"
