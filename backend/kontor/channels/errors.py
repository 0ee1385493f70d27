"""Refusals of channels."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class ChannelNotFound(NotFound):
    """There is no such sales channel, or the principal may not see it."""

    default_code = "CHANNEL_NOT_FOUND"


class ChannelFixed(InvalidInput):
    """What orders and prices rely on does not change once a channel exists."""

    default_code = "CHANNEL_FIXED"


class BrandTaken(Conflict):
    """A code is one retailer's, and a channel or legal entity has one brand."""

    default_code = "BRAND_TAKEN"
