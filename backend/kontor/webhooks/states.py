"""The life of a delivery."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class DeliveryState(StrEnum):
    """Whether the endpoint has it."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


DELIVERY = Transitions(
    DeliveryState,
    start=DeliveryState.PENDING,
    table={
        DeliveryState.PENDING: {DeliveryState.DELIVERED, DeliveryState.DEAD},
        DeliveryState.DEAD: {DeliveryState.PENDING},
        DeliveryState.DELIVERED: {DeliveryState.PENDING},
    },
)
