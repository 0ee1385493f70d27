"""What webhooks refuse."""

from kontor.core.errors import InvalidInput, NotFound


class EndpointNotFound(NotFound):
    """There is no such endpoint, or the principal may not see it."""

    default_code = "WEBHOOK_ENDPOINT_NOT_FOUND"


class DeliveryNotFound(NotFound):
    """There is no such delivery, or the principal may not see it."""

    default_code = "WEBHOOK_DELIVERY_NOT_FOUND"


class InvalidEndpoint(InvalidInput):
    """An endpoint cannot be saved like this; the path names the field."""

    default_code = "WEBHOOK_ENDPOINT_INVALID"
