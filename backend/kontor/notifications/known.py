"""What messages are put together from, loaded already, and how addresses, links and ways to pay read. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

METHODS: dict[str, dict[str, str]] = {
    "de": {
        "CARD": "Kreditkarte", "WALLET": "Wallet", "ON_ACCOUNT": "Rechnung", "DIRECT_DEBIT": "Lastschrift",
        "PREPAYMENT": "Vorkasse", "GIFT_CARD": "Geschenkkarte", "BONUS_POINTS": "Bonuspunkte",
        "VOUCHER": "Gutschein", "CASH": "Bar", "COLLECTED_BY_CHANNEL": "Über den Marktplatz bezahlt",
    },
    "en": {
        "CARD": "Card", "WALLET": "Wallet", "ON_ACCOUNT": "Invoice", "DIRECT_DEBIT": "Direct debit",
        "PREPAYMENT": "Prepayment", "GIFT_CARD": "Gift card", "BONUS_POINTS": "Bonus points",
        "VOUCHER": "Voucher", "CASH": "Cash", "COLLECTED_BY_CHANNEL": "Paid through the marketplace",
    },
}  # fmt: skip
Rows = dict[UUID, list[Any]]


@dataclass(slots=True)
class Known:
    """Rows by id, and lists of rows by the id of what they belong to."""

    orders: dict[UUID, Any] = field(default_factory=dict)
    channels: dict[UUID, Any] = field(default_factory=dict)
    lines: dict[UUID, Any] = field(default_factory=dict)
    lines_of: Rows = field(default_factory=dict)
    charges_of: Rows = field(default_factory=dict)
    payments: dict[UUID, Any] = field(default_factory=dict)
    payments_of: Rows = field(default_factory=dict)
    shipments: dict[UUID, Any] = field(default_factory=dict)
    shipped_of: Rows = field(default_factory=dict)
    parcels_of: Rows = field(default_factory=dict)
    codes_of: Rows = field(default_factory=dict)
    tasks: dict[UUID, Any] = field(default_factory=dict)
    task_lines_of: Rows = field(default_factory=dict)
    places: dict[UUID, Any] = field(default_factory=dict)
    returns: dict[UUID, Any] = field(default_factory=dict)
    return_lines_of: Rows = field(default_factory=dict)
    refunds: dict[UUID, Any] = field(default_factory=dict)
    shares_of: Rows = field(default_factory=dict)
    exchanged: set[UUID] = field(default_factory=set)
    """Returns that bring goods back for others."""
    goodwill: dict[UUID, Any] = field(default_factory=dict)
    claims: dict[UUID, Any] = field(default_factory=dict)
    claim_lines_of: Rows = field(default_factory=dict)
    parcels: dict[UUID, Any] = field(default_factory=dict)
    boxes_of: Rows = field(default_factory=dict)
    """All parcels of a piece of work that parcels belong to."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One message to be filled: for which order, about what."""

    template: str
    order: Any
    subject: UUID | None
    about: Mapping[str, Any]
    language: str
    now: datetime
    day_of: Callable[[datetime], date]
    """The day of a moment where the seller is."""


def items(pairs: Iterable[tuple[Any, int]]) -> list[dict[str, Any]]:
    """Order lines with how many pieces of them a message speaks of, as templates take them."""
    return [{"name": line.name, "quantity": quantity} for line, quantity in pairs if quantity > 0]


def subject_of(asked: Asked) -> UUID:
    """The thing a message is about; `KeyError` for one that names none."""
    if asked.subject is None:
        raise KeyError(f"{asked.template} says nothing of what it is about")
    return asked.subject


def link(settings: Mapping[str, Any], name: str, order: Any) -> str | None:
    """A link of the channel's own pages: its setting with `{number}` and `{external_id}` filled in."""
    pattern = settings.get(name)
    if not isinstance(pattern, str) or not pattern.startswith(("https://", "http://")):
        return None
    return pattern.replace("{number}", order.number).replace("{external_id}", order.external_id)


def address_lines(address: Mapping[str, Any] | None) -> list[str]:
    """A postal address line by line."""
    if not address:
        return []
    town = " ".join(str(part) for part in (address.get("postal_code"), address.get("city")) if part)
    parts = [address.get("company"), address.get("name"), address.get("extra"), address.get("street"), town]
    return [str(part) for part in (*parts, address.get("country")) if part]


def place_lines(place: Any) -> list[str]:
    """A place's name and address line by line."""
    town = " ".join(part for part in (place.postal_code, place.city) if part)
    return [part for part in (place.name, place.street, town) if part]


def method_name(payment: Any, language: str) -> str:
    """How the customer paid, in their words: the label the channel gave, else the name of the method."""
    return payment.label or METHODS.get(language, METHODS["en"])[str(payment.kind)]


def paragraphs_of(text: str) -> list[str]:
    """What somebody wrote, as paragraphs: a blank line separates them."""
    return [each for part in text.replace("\r\n", "\n").split("\n\n") if (each := part.strip())]
