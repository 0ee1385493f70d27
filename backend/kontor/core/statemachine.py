"""Transition tables, and the only writer of a state column. Each change leaves a history row."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model, UtcDateTime
from kontor.core.errors import Conflict
from kontor.core.ids import new_id

if TYPE_CHECKING:
    from kontor.core.db import Session

S = TypeVar("S", bound=StrEnum)


class Stateful(Protocol):
    """Anything with an id and a state."""

    id: Mapped[UUID]
    state: Mapped[Any]


class Transitions(Generic[S]):
    """The allowed next states per state. A state nobody can reach is refused when the table is made."""

    def __init__(self, states: type[S], *, start: S | Iterable[S], table: Mapping[S, Iterable[S]]) -> None:
        self.states = states
        self.start: frozenset[S] = frozenset([start] if isinstance(start, states) else start)  # type: ignore[arg-type]
        self.table: dict[S, frozenset[S]] = {state: frozenset(table.get(state, ())) for state in states}
        unreachable = set(states) - self._reachable()
        if unreachable:
            raise ValueError(f"{states.__name__}: nothing leads to {', '.join(sorted(unreachable))}")

    def _reachable(self) -> set[S]:
        seen: set[S] = set(self.start)
        todo: list[S] = list(self.start)
        while todo:
            for state in self.table[todo.pop()] - seen:
                seen.add(state)
                todo.append(state)
        return seen

    def allows(self, old: S, new: S) -> bool:
        """Whether the step is in the table."""
        return new in self.table[old]

    def check(self, old: S, new: S, *, what: str = "") -> None:
        """Raise `TransitionRefused` when the step is not in the table."""
        if not self.allows(old, new):
            raise TransitionRefused(what or self.states.__name__.removesuffix("State"), old, new)


class TransitionRefused(Conflict):
    """The thing is in a state from which this step is not allowed."""

    default_code = "TRANSITION_REFUSED"

    def __init__(self, what: str, old: str, new: str) -> None:
        super().__init__(f"{what} is {old} and cannot become {new}.", what=what, state=str(old), wanted=str(new))


class StateChange(Model):
    """One step of one thing: when, by whom, why."""

    __tablename__ = "state_change"
    __table_args__ = (Index("ix_state_change_entity", "entity_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(String(40))
    entity_id: Mapped[UUID]
    old: Mapped[str | None] = mapped_column(String(40))
    new: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))


def transition(
    db: "Session", thing: Any, to: StrEnum, *, table: Transitions[Any], now: datetime, reason: str | None = None
) -> None:
    """Move `thing` (a model with `id` and `state`) one step; raises `TransitionRefused`.

    The history row is written with the unit of work. A step to the present state is refused like any other that is
    not in the table.
    """
    table.check(thing.state, to, what=type(thing).__name__)
    db.note_state(change_row(type(thing).__tablename__, thing.id, thing.state, to, now=now, reason=reason, by=db.by))
    thing.state = to


def change_row(
    entity: str,
    entity_id: UUID,
    old: StrEnum | None,
    new: StrEnum,
    *,
    now: datetime,
    by: str,
    reason: str | None = None,
) -> tuple[Any, ...]:
    """A history row for the set-based writers that insert many things in their first state or move them at once."""
    return (new_id(), entity, entity_id, old, str(new), now, by, reason)
