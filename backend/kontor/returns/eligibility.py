"""What may be sent back, until when, and what of it needs a person to look. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from kontor.core.money import of_units
from kontor.returns.states import ReturnReason

# Codes that were handed out and services that were rendered do not come back (Directive 2011/83/EU art. 16 (a), (m)).
NEVER = frozenset({"DIGITAL", "GIFT_CARD", "LICENSE", "SERVICE"})
OUR_FAULT = frozenset(
    {
        ReturnReason.DAMAGED,
        ReturnReason.WRONG_ITEM,
        ReturnReason.NOT_AS_DESCRIBED,
        ReturnReason.LATE,
        ReturnReason.MISSING,
    }
)


class Hindrance(StrEnum):
    """Why pieces cannot be sent back."""

    KIND = "KIND"
    TOO_LATE = "TOO_LATE"
    TOO_MANY = "TOO_MANY"


class ReturnDecision(StrEnum):
    """What the rule says of an announced return."""

    APPROVED = "APPROVED"
    REVIEW = "REVIEW"


@dataclass(frozen=True, slots=True)
class SentPieces:
    """Pieces of an order line in one shipment, and how many of them were announced as a return already."""

    shipment_line_id: UUID
    order_line_id: UUID
    kind: str
    quantity: int
    announced: int
    gross: int
    delivered_on: date | None

    @property
    def left(self) -> int:
        """Pieces that can still be announced."""
        return self.quantity - self.announced


def is_in_time(sent: SentPieces, *, return_days: int, today: date) -> bool:
    """Within the days after delivery by the seller's clock, the last included; what has not arrived is not too late."""
    return sent.delivered_on is None or today <= sent.delivered_on + timedelta(days=return_days)


def choose(
    sent: Sequence[SentPieces], quantity: int, *, return_days: int, today: date, anyway: bool = False
) -> tuple[dict[UUID, int], Hindrance | None]:
    """Which shipments' pieces come back: the oldest first. `anyway` overlooks time and kind, never the quantity."""
    candidates = [each for each in sent if anyway or each.kind not in NEVER]
    if not candidates:
        return {}, Hindrance.KIND if sent else Hindrance.TOO_MANY
    timely = [each for each in candidates if anyway or is_in_time(each, return_days=return_days, today=today)]
    chosen: dict[UUID, int] = {}
    left = quantity
    for each in timely:
        part = min(left, each.left)
        if part > 0:
            chosen[each.shipment_line_id] = part
            left -= part
    if not left:
        return chosen, None
    late = sum(each.left for each in candidates) - sum(each.left for each in timely)
    return {}, Hindrance.TOO_LATE if late >= left else Hindrance.TOO_MANY


def decide(reasons: Sequence[ReturnReason], value: int, settings: Mapping[str, Any]) -> ReturnDecision:
    """Whether a return may be sent without anybody looking.

    A channel may switch that off (`return_auto_approve`), set a gross value in minor units above which somebody looks
    (`return_review_above`), and name reasons to be looked at (`return_review_reasons`).
    """
    if not settings.get("return_auto_approve", True):
        return ReturnDecision.REVIEW
    limit = settings.get("return_review_above")
    looked_at = set(settings.get("return_review_reasons", ()))
    if (limit is not None and value > int(limit)) or looked_at & {str(reason) for reason in reasons}:
        return ReturnDecision.REVIEW
    return ReturnDecision.APPROVED


def fee(reasons: Sequence[ReturnReason], settings: Mapping[str, Any]) -> int:
    """What is kept from the refund, minor units: the channel's `return_fee`, nothing when any piece is our fault."""
    if any(reason in OUR_FAULT for reason in reasons):
        return 0
    return max(0, int(settings.get("return_fee", 0)))


def value_of(pieces: Mapping[UUID, int], sent: Mapping[UUID, SentPieces]) -> int:
    """The gross value of pieces, minor units."""
    return sum(of_units(sent[line_id].gross, sent[line_id].quantity, count) for line_id, count in pieces.items())
