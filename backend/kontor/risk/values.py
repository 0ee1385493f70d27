"""What the risk check knows of an order and what it says about it. Amounts in minor units. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    """What is done with an order."""

    ACCEPT = "ACCEPT"
    REVIEW = "REVIEW"
    REJECT = "REJECT"


class ListKind(StrEnum):
    """What sort of value a list entry names."""

    EMAIL = "EMAIL"
    ADDRESS = "ADDRESS"
    PHONE = "PHONE"
    CUSTOMER = "CUSTOMER"
    IP = "IP"


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What payments say: different cards on the order, refused authorizations of the customer's last day."""

    cards: int = 0
    declines: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on something counts; a channel may set each under `risk.<name>`. Amounts in minor units."""

    review_score: int = 50
    reject_score: int = 100
    amount: int = 150_000
    freemail_amount: int = 50_000
    usual_floor: int = 20_000
    usual_factor: int = 5
    orders_per_email: int = 5
    orders_per_address: int = 5
    orders_per_ip: int = 10
    declines: int = 3
    cards: int = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """The order as the rules see it. Keys are normalized as list entries are; None where it has none."""

    total: int
    currency: str
    country: str
    billing: Mapping[str, Any]
    shipping: Mapping[str, Any] | None
    keys: Mapping[ListKind, str]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known beside the order: list entries by kind (True: blocked), orders in 24 hours, the usual total."""

    listed: Mapping[ListKind, bool] = field(default_factory=dict)
    seen: Mapping[ListKind, int] = field(default_factory=dict)
    usual_total: int | None = None
    earlier_orders: int = 0
    payments: PaymentFacts = PaymentFacts()


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that speaks against (or for) an order; `decision` forces one whatever the score."""

    code: str
    score: int
    params: Mapping[str, Any] = field(default_factory=dict)
    decision: Decision | None = None
    text: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """As an assessment keeps it."""
        kept: dict[str, Any] = {"code": self.code, "score": self.score, "params": dict(self.params)}
        if self.decision is not None:
            kept["decision"] = self.decision.value
        if self.text:
            kept["text"] = dict(self.text)
        return kept


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision with its score and reasons, the heaviest first."""

    decision: Decision
    score: int
    reasons: tuple[Reason, ...] = ()
