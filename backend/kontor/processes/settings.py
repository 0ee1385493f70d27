"""The waiting times of the shipped processes, and how a channel sets its own. Pure."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kontor.core.errors import InvalidInput

LONGEST = timedelta(days=3650)

# Name -> what is waited for, and how long where neither the channel nor the definition says.
WAITING_TIMES: Mapping[str, tuple[str, timedelta]] = {
    "order.payment_retry": ("until a declined payment is tried again", timedelta(days=1)),
    "order.payment_wait": ("until an unpaid order is canceled", timedelta(days=7)),
    "order.release_retry": ("until an order that waits for stock is looked at again", timedelta(hours=6)),
    "order.delivery_wait": ("until an order without news of its delivery is completed", timedelta(days=30)),
    "fulfillment.answer_wait": ("until a place that does not answer is escalated", timedelta(days=1)),
    "fulfillment.escalation_wait": ("until a place that still does not answer loses the lines", timedelta(days=1)),
    "pickup.reminder_wait": ("until the customer is reminded of a pick-up", timedelta(days=5)),
    "pickup.final_wait": ("until a pick-up is given up", timedelta(days=5)),
    "payment.capture_retry": ("until a failed capture is tried again", timedelta(days=1)),
    "return.label_wait": ("until a return without goods ends", timedelta(days=30)),
    "return.rest_wait": ("until a return of which only a part came is closed", timedelta(days=30)),
}
_DURATION = re.compile(r"P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?")


def waiting_time(settings: Mapping[str, Any], name: str) -> timedelta | None:
    """What a channel has set: hours as a number, or an ISO 8601 duration; None when it sets nothing.

    Raises `InvalidInput` for anything else.
    """
    value = settings.get(name)
    if value is None:
        return None
    found = _read(value)
    if found is None or not timedelta() <= found <= LONGEST:
        raise InvalidInput(
            f"{name} is hours or an ISO 8601 duration such as PT36H, at most ten years.",
            code="INVALID_WAITING_TIME",
            path=("settings", name),
            value=str(value),
        )
    return found


def _read(value: Any) -> timedelta | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return timedelta(hours=min(value, 10**6))
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
