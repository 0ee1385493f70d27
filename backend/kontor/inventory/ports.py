"""What stock needs of the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LiveFigure:
    """What a third system says it has of an article, in pieces; `as_of` None: at the moment of the answer."""

    sku: str
    quantity: int
    as_of: datetime | None = None


class LiveStock(Protocol):
    """A system that knows the stock of some places better than we do."""

    async def read(self, location: str, skus: Sequence[str]) -> Sequence[LiveFigure]:
        """The figures of the articles it knows at a place, by our codes; unknown ones are left out.

        Raises `StockSystemAway` when it does not answer, or not sensibly. The caller sets the time limit.
        """
        ...
