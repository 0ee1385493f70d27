"""How much goodwill somebody may grant alone. Pure; integer minor units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """The most a person of a role may grant on one order, and on one day."""

    per_order: int
    per_day: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """A person's limit and what counts against it: what the order was given so far, and what they granted today.

    Without a limit there is none.
    """

    limit: Limit | None = None
    on_order: int = 0
    today: int = 0

    @property
    def left(self) -> int | None:
        """What they may still grant on the order; None for anything.

        >>> Allowance(Limit(2500, 10_000), on_order=500, today=9_500).left
        500
        """
        if self.limit is None:
            return None
        return max(0, min(self.limit.per_order - self.on_order, self.limit.per_day - self.today))

    def allows(self, amount: int) -> bool:
        """Whether the amount is within the limit."""
        return self.left is None or amount <= self.left
