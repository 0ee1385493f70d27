"""Refusals of stock."""

from kontor.core.errors import Conflict, InvalidInput


class StockShort(Conflict):
    """Less is free than is asked for."""

    default_code = "STOCK_SHORT"


class UnknownStockKey(InvalidInput):
    """The place or article of a stock figure is not known."""

    default_code = "UNKNOWN_STOCK_KEY"
