"""What a move of an order that waits must not break: the days on which its pieces are to come. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from kontor.routing.values import FulfillmentPlan, Id

Arrivals = Mapping[Id, Sequence[tuple[int, int]]]
"""Days and pieces by line."""


def keeps_promise(
    promised_on: date | None, before: Iterable[FulfillmentPlan], after: Iterable[FulfillmentPlan]
) -> bool:
    """Whether no fewer pieces of each line come by the promised day, nor by any day after it on which some were to."""
    promised = promised_on.toordinal() if promised_on else 0
    then, now = _arrivals(before), _arrivals(after)
    return all(
        _count_by(limit, now.get(line_id, ())) >= _count_by(limit, pieces)
        for line_id, pieces in then.items()
        for limit in {max(promised, day) for day, _ in pieces}
    )


def _arrivals(plans: Iterable[FulfillmentPlan]) -> Arrivals:
    found: dict[Id, list[tuple[int, int]]] = {}
    for parcel in (each for plan in plans for each in plan.parcels):
        for line_id, count in parcel.lines:
            found.setdefault(line_id, []).append((parcel.arrival_day, count))
    return found


def _count_by(limit: int, arrivals: Iterable[tuple[int, int]]) -> int:
    return sum(count for day, count in arrivals if day <= limit)
