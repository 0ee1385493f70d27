"""What a customer may do alone, and until when. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from kontor.selfservice.errors import InvalidPolicy, NotOffered, TooLateAlone


class Until(StrEnum):
    """How far the goods may have come: given to a place, begun there, or left. With SHIPPED a place that has begun is
    asked first, and may say no."""

    NEVER = "NEVER"
    RELEASED = "RELEASED"
    BEGUN = "BEGUN"
    SHIPPED = "SHIPPED"


class Stage(StrEnum):
    """How far goods have come."""

    WAITING = "WAITING"
    RELEASED = "RELEASED"
    BEGUN = "BEGUN"
    SHIPPED = "SHIPPED"


class Act(StrEnum):
    """What customers do."""

    CANCEL = "CANCEL"
    REDUCE = "REDUCE"
    ADD = "ADD"
    SWAP = "SWAP"
    ADDRESS = "ADDRESS"
    DELIVERY = "DELIVERY"
    DATE = "DATE"
    RETURN = "RETURN"
    EXCHANGE = "EXCHANGE"
    CLAIM = "CLAIM"


WITH_GOODS = frozenset({Act.RETURN, Act.EXCHANGE})
"""What is done with goods that came, not with open ones."""


_ORDER = list(Stage)
_FURTHEST = {
    Until.RELEASED: frozenset({Stage.WAITING}),
    Until.BEGUN: frozenset({Stage.WAITING, Stage.RELEASED}),
    Until.SHIPPED: frozenset({Stage.WAITING, Stage.RELEASED, Stage.BEGUN}),
    Until.NEVER: frozenset[Stage](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a channel. Without any of its own: these.

    `reduce` is a smaller quantity, `cancel` a whole line or order. `returns` within `return_days` after delivery; None
    leaves that to the channel's own time to return, which always counts. `exchanges` instead of a return, as long.
    `claims` is to report goods that are wrong, damaged or missing; nothing follows from it until the shop has decided.
    """

    cancel: Until = Until.BEGUN
    reduce: Until = Until.BEGUN
    add: Until = Until.NEVER
    swap: Until = Until.NEVER
    address: Until = Until.RELEASED
    delivery: Until = Until.NEVER
    date: Until = Until.RELEASED
    returns: bool = True
    return_days: int | None = None
    exchanges: bool = False
    claims: bool = True

    def until(self, act: Act) -> Until:
        """Until when something may be done; for returns see `returns`, `exchanges` and `claims` likewise."""
        value = getattr(self, act.lower())
        assert isinstance(value, Until)
        return value

    def as_json(self) -> dict[str, Any]:
        """As a version keeps it."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Policy":
        """As a version kept it; a rule it does not know yet is that of `Policy`."""
        names = {item.name for item in fields(cls)} & kept.keys()
        given: dict[str, Any] = {name: kept[name] for name in names}
        limits = {name: Until(value) for name, value in given.items() if name not in _NO_LIMITS}
        return cls(**{**given, **limits})


_NO_LIMITS = frozenset({"returns", "return_days", "exchanges", "claims"})
DEFAULT = Policy()
MOST_DAYS = 730


def checked(policy: Policy) -> Policy:
    """The rules; raises `InvalidPolicy` for days out of range."""
    if policy.return_days is not None and not 0 <= policy.return_days <= MOST_DAYS:
        raise InvalidPolicy(
            f"0 to {MOST_DAYS} days.", code="OUT_OF_RANGE", path=("returnDays",), min=0, max=MOST_DAYS
        )  # fmt: skip
    return policy


def furthest(stages: Iterable[Stage]) -> Stage:
    """The stage of goods of which parts have come to different ones; what is nowhere waits."""
    return max(stages, key=_ORDER.index, default=Stage.WAITING)


def may(policy: Policy, act: Act, stage: Stage) -> bool:
    """Whether goods at a stage may still be acted on."""
    return stage in _FURTHEST[policy.until(act)]


def check(policy: Policy, act: Act, stage: Stage) -> None:
    """Raise `NotOffered`, or `TooLateAlone` when the goods have come too far."""
    if policy.until(act) is Until.NEVER:
        raise NotOffered("The shop does not offer this.", act=act.value)
    if not may(policy, act, stage):
        raise TooLateAlone("The order has gone too far for that.", act=act.value, stage=stage.value)


def check_exchange(policy: Policy, sent_on: date | None, today: date) -> None:
    """Raise `NotOffered`, or `TooLateAlone` as for a return."""
    if not policy.exchanges:
        raise NotOffered("The shop does not offer this.", act=Act.EXCHANGE.value)
    check_return(policy, sent_on, today)


def check_return(policy: Policy, sent_on: date | None, today: date) -> None:
    """Raise `NotOffered`, or `TooLateAlone` when the days to return have passed since the goods came."""
    if not policy.returns:
        raise NotOffered("The shop does not offer this.", act=Act.RETURN.value)
    if policy.return_days is None or sent_on is None:
        return
    if today > sent_on + timedelta(days=policy.return_days):
        raise TooLateAlone(
            "The days to return have passed.", code="SELF_SERVICE_RETURN_TOO_LATE", act=Act.RETURN.value,
            days=policy.return_days,
        )  # fmt: skip


def check_claim(policy: Policy, *, sent: bool) -> None:
    """Raise `NotOffered` when customers report no problems by themselves, or nothing has been sent to them."""
    if not policy.claims:
        raise NotOffered("The shop does not offer this.", act=Act.CLAIM.value)
    if not sent:
        raise NotOffered("Nothing has been sent yet.", code="NOTHING_TO_CLAIM", act=Act.CLAIM.value)
