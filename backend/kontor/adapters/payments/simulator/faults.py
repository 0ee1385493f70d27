"""Faults of a real gateway at chosen rates. The same seed, key and try always meet the same fault."""

from dataclasses import dataclass, fields
from enum import StrEnum
from hashlib import blake2b


class Trouble(StrEnum):
    """What goes wrong with one call."""

    RATE_LIMITED = "rate_limited"
    ERROR_BEFORE = "error_before"
    CLOSED_BEFORE = "closed_before"
    ERROR_AFTER = "error_after"
    CLOSED_AFTER = "closed_after"


BEFORE = (Trouble.RATE_LIMITED, Trouble.ERROR_BEFORE, Trouble.CLOSED_BEFORE)
AFTER = (Trouble.ERROR_AFTER, Trouble.CLOSED_AFTER)


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates from 0 to 1, each on its own: before doing, after doing, and around the result."""

    rate_limited: float = 0.0
    error_before: float = 0.0
    closed_before: float = 0.0
    error_after: float = 0.0
    closed_after: float = 0.0
    declined: float = 0.0
    slow: float = 0.0
    pending: float = 0.0
    duplicate_notice: float = 0.0
    late_notice: float = 0.0

    @classmethod
    def everywhere(cls, rate: float) -> "Faults":
        """Faults of transport and notices at one rate; declines and pending results stay off, they are answers."""
        answers = {"declined", "pending"}
        return cls(**{field.name: rate for field in fields(cls) if field.name not in answers})


class Dice:
    """Draws that depend only on seed, purpose and key: no order of calls, no restart changes them."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed).encode()

    def draw(self, purpose: str, key: str, attempt: int = 0) -> float:
        """A number from 0 up to 1."""
        digest = blake2b(f"{purpose}|{attempt}|{key}".encode(), digest_size=8, key=self._seed).digest()
        return int.from_bytes(digest, "big") / 2**64

    def falls(self, rate: float, purpose: str, key: str, attempt: int = 0) -> bool:
        """Whether something that happens at `rate` happens here."""
        return rate > 0 and self.draw(purpose, key, attempt) < rate


class Troublemaker:
    """Decides per call whether and how it goes wrong; counts the tries of keys that met a fault."""

    def __init__(self, faults: Faults, dice: Dice) -> None:
        self._faults = faults
        self._dice = dice
        self._tries: dict[str, int] = {}

    def first_try(self, key: str) -> bool:
        """Whether no fault has met this key yet."""
        return key not in self._tries

    def met(self, key: str) -> None:
        """Remember that a fault met this key, so that the next try draws anew."""
        self._tries[key] = self._tries.get(key, 0) + 1

    def pick(self, among: tuple[Trouble, ...], key: str) -> Trouble | None:
        """The first of the given troubles that falls on this try, or none."""
        attempt = self._tries.get(key, 0)
        for trouble in among:
            if self._dice.falls(getattr(self._faults, trouble.value), trouble.value, key, attempt):
                return trouble
        return None
