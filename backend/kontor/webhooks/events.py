"""What happens to endpoints. The stream is the endpoint."""

from dataclasses import dataclass

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class WebhookEndpointDisabled(Event):
    """An endpoint failed for days, or said it is gone, and gets nothing more until somebody switches it on."""

    endpoint_name: str
    reason: str
