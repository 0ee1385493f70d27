"""The mailbox that mails are fetched from, as seen from inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Fate(StrEnum):
    """What becomes of a mail in its mailbox: READ is done with, LEFT is for people to look at."""

    READ = "READ"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """A mail as it lies in the mailbox; `raw` is None for one that is too large or that cannot be had."""

    uid: str
    raw: bytes | None


class IncomingMail(Protocol):
    """A mailbox. Nothing is taken out of it: what was looked at is marked, so that it is not offered again."""

    async def fetch(self, most: int, *, largest: int) -> Sequence[FetchedMail]:
        """The oldest mails nobody has looked at, at most so many; those of more than `largest` bytes without content.

        So are those the mailbox does not hand out, damaged or gone meanwhile. `Unavailable` when asking again later
        helps.
        """
        ...

    async def mark(self, fates: dict[str, Fate]) -> None:
        """Note what became of mails, by their uid. `Unavailable` when asking again later helps."""
        ...
