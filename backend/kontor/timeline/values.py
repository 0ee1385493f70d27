"""What an entry of a story is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID


class TimelineKind(StrEnum):
    """What an entry is about."""

    ORDER = "ORDER"
    GOODS = "GOODS"
    MONEY = "MONEY"
    RETURN = "RETURN"
    MESSAGE = "MESSAGE"
    CONTACT = "CONTACT"
    CASE = "CASE"
    RISK = "RISK"
    ROUTING = "ROUTING"
    PROCESS = "PROCESS"


class Source(IntEnum):
    """Where an entry is kept; of one moment the later source is told as the later entry."""

    REFUND = 0
    EVENT = 1
    STATE = 2
    DECISION = 3
    PROCESS = 4
    TASK = 5
    MESSAGE = 6


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a source: `name` is what its words are kept under, `key` tells it from others of its moment."""

    source: Source
    at: datetime
    key: int | UUID
    name: str
    by: str
    payload: Mapping[str, Any]
    subject: UUID | None = None

    @property
    def place(self) -> tuple[datetime, int, int | UUID]:
        """Where it stands in the story; greater is later."""
        return self.at, int(self.source), self.key


@dataclass(frozen=True, slots=True)
class Detail:
    """A value of an entry: what it was before, where that is known, and what it is since. `name` is the same in every
    language, `label` is how people read it."""

    name: str
    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact in words. `subject` is the thing it is about besides the order, `who` acted."""

    id: str
    at: datetime
    kind: TimelineKind
    name: str
    text: str
    who: str
    subject: UUID | None
    details: tuple[Detail, ...]
