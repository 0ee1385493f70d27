"""What speaks against an order: lists, velocity, amount, address and payment abnormalities. Pure.

Each rule gets the order, what is known beside it and the channel's limits, and gives its reasons.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kontor.core.errors import InvalidInput
from kontor.risk.values import Decision, Knowledge, Limits, ListKind, Reason, Subject

FREEMAIL = frozenset(
    {
        "aol.com", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com",
        "icloud.com", "libero.it", "live.com", "mail.com", "mail.ru", "orange.fr", "outlook.com", "outlook.de",
        "proton.me", "protonmail.com", "t-online.de", "web.de", "wp.pl", "yahoo.com", "yahoo.de", "yandex.com",
    }
)  # fmt: skip
_LOCKER = re.compile(
    r"\b(pack?station|postfiliale|paketshop|parcel ?(?:locker|shop)|paczkomat|postfach|p\.?\s?o\.?\s?box)\b", re.I
)
Rule = Callable[[Subject, Knowledge, Limits], Iterable[Reason]]


def key_of(kind: ListKind, value: str) -> str:
    """A value as it is compared: emails in small letters, phone numbers as digits, addresses without spaces."""
    text = value.strip().casefold()
    if kind is ListKind.PHONE:
        digits = re.sub(r"\D", "", text)
        return "+" + digits[2:] if text.startswith("00") else ("+" if text.startswith("+") else "") + digits
    if kind is ListKind.ADDRESS:
        return re.sub(r"[\s.,]+", "", text)[:200]
    return text[:254]


def address_key(address: Mapping[str, Any]) -> str:
    """An address as it is compared, written as in a list: street, postal code, country."""
    parts = (str(address.get(name) or "") for name in ("street", "postal_code", "country"))
    return key_of(ListKind.ADDRESS, ",".join(parts))


def limits_of(settings: Mapping[str, Any]) -> Limits:
    """A channel's limits, the usual ones where it sets none; raises `InvalidInput` for what is no number."""
    found: dict[str, int] = {}
    for name in Limits.__dataclass_fields__:
        value = settings.get(f"risk.{name}")
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise InvalidInput(
                f"risk.{name} is a whole number.", code="INVALID_RISK_LIMIT", path=("settings", f"risk.{name}")
            )
        found[name] = value
    return Limits(**found)


def lists(_: Subject, known: Knowledge, __: Limits) -> Iterable[Reason]:
    """A blocked value rejects, a trusted one accepts whatever else is found; blocked wins."""
    blocked = [kind for kind, is_blocked in known.listed.items() if is_blocked]
    if blocked:
        for kind in blocked:
            yield Reason("BLOCKED", 100, {"kind": kind.value}, Decision.REJECT)
        return
    for kind in known.listed:
        yield Reason("TRUSTED", -100, {"kind": kind.value}, Decision.ACCEPT)


def velocity(_: Subject, known: Knowledge, limits: Limits) -> Iterable[Reason]:
    """Many orders of one email, address or network address within 24 hours, this one counted."""
    for kind, limit, score in (
        (ListKind.EMAIL, limits.orders_per_email, 40),
        (ListKind.ADDRESS, limits.orders_per_address, 30),
        (ListKind.IP, limits.orders_per_ip, 30),
    ):
        count = known.seen.get(kind, 0)
        if count > limit:
            more = score + (20 if count > 2 * limit else 0)
            yield Reason("VELOCITY", more, {"kind": kind.value, "orders": count, "limit": limit})


def amount(order: Subject, known: Knowledge, limits: Limits) -> Iterable[Reason]:
    """More than the channel takes unseen, or many times what the customer usually spends."""
    if order.total > limits.amount:
        yield Reason("HIGH_AMOUNT", 50, {"amount": order.total, "limit": limits.amount, "currency": order.currency})
    usual = known.usual_total
    if usual is not None and order.total > limits.usual_floor and order.total > usual * limits.usual_factor:
        yield Reason("ABOVE_USUAL", 25, {"amount": order.total, "usual": usual, "currency": order.currency})


def address(order: Subject, known: Knowledge, limits: Limits) -> Iterable[Reason]:
    """Goods to another country than the bill, to a locker or box, or much for an address anybody can make up."""
    shipping = order.shipping or order.billing
    bill, ship = order.billing.get("country"), shipping.get("country")
    if bill and ship and bill != ship:
        yield Reason("COUNTRIES_DIFFER", 20, {"billing": bill, "shipping": ship})
    where = " ".join(str(shipping.get(name) or "") for name in ("street", "extra", "company"))
    if _LOCKER.search(where):
        yield Reason("PARCEL_LOCKER", 10)
    domain = order.keys.get(ListKind.EMAIL, "").rpartition("@")[2]
    if domain in FREEMAIL and order.total > limits.freemail_amount and not known.earlier_orders:
        yield Reason("FREEMAIL_HIGH_AMOUNT", 20, {"domain": domain, "amount": order.total, "currency": order.currency})


def payment(order: Subject, known: Knowledge, limits: Limits) -> Iterable[Reason]:
    """Refused cards and many different ones, as Kontor knows them or the channel reports them."""
    declines = max(known.payments.declines, _count(order.facts, "payment_declines"))
    if declines >= limits.declines:
        yield Reason("DECLINES", 40, {"declines": declines, "limit": limits.declines})
    cards = max(known.payments.cards, _count(order.facts, "cards_tried"))
    if cards >= limits.cards:
        yield Reason("MANY_CARDS", 30, {"cards": cards, "limit": limits.cards})


def _count(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


RULES: tuple[Rule, ...] = (lists, velocity, amount, address, payment)


def reasons_of(order: Subject, known: Knowledge, limits: Limits) -> list[Reason]:
    """Everything the built-in rules find."""
    return [reason for rule in RULES for reason in rule(order, known, limits)]


def facts_of(order: Subject, known: Knowledge) -> dict[str, Any]:
    """The order as the conditions of a retailer's own rules see it."""
    shipping = order.shipping or order.billing
    return {
        "total": order.total,
        "currency": order.currency,
        "country": order.country,
        "billing_country": order.billing.get("country", ""),
        "shipping_country": shipping.get("country", ""),
        "postal_code": str(shipping.get("postal_code", "")),
        "city": str(shipping.get("city", "")),
        "email": order.keys.get(ListKind.EMAIL, ""),
        "email_domain": order.keys.get(ListKind.EMAIL, "").rpartition("@")[2],
        "ip": order.keys.get(ListKind.IP, ""),
        "orders_per_email": known.seen.get(ListKind.EMAIL, 0),
        "orders_per_address": known.seen.get(ListKind.ADDRESS, 0),
        "orders_per_ip": known.seen.get(ListKind.IP, 0),
        "earlier_orders": known.earlier_orders,
        "usual_total": known.usual_total or 0,
        "cards": known.payments.cards,
        "declines": known.payments.declines,
        "facts": dict(order.facts),
    }
