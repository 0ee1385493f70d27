"""Refusals of exchanges."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class ExchangeNotFound(NotFound):
    """There is no such exchange, or it may not be seen."""

    default_code = "EXCHANGE_NOT_FOUND"


class InvalidExchange(InvalidInput):
    """What is wished is wrong in itself."""

    default_code = "INVALID_EXCHANGE"


class ExchangeStale(Conflict):
    """What was previewed is not what would be done now; `preview` is the fresh one."""

    default_code = "EXCHANGE_STALE"


class ExchangeUnderWay(Conflict):
    """New goods of it have left, or others came back: it cannot be called off any more."""

    default_code = "EXCHANGE_UNDER_WAY"


class ExchangeAboveLimit(Conflict):
    """Nothing comes back, and what the goods are worth is more than whoever asks may pay back alone."""

    default_code = "EXCHANGE_ABOVE_LIMIT"
