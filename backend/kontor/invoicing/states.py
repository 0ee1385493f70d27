"""The life of an invoice."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class InvoiceState(StrEnum):
    """What of it is paid and what is done about the rest."""

    ISSUED = "ISSUED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    DUNNING_1 = "DUNNING_1"
    DUNNING_2 = "DUNNING_2"
    DUNNING_3 = "DUNNING_3"
    COLLECTION = "COLLECTION"
    WRITTEN_OFF = "WRITTEN_OFF"


I = InvoiceState  # noqa: E741 - a table reads better with short names
_PAY = {I.PARTIALLY_PAID, I.PAID}
INVOICE = Transitions(
    InvoiceState,
    start=I.ISSUED,
    table={
        I.ISSUED: {*_PAY, I.OVERDUE},
        # Money that came in may be gone again: charged back, or refunded with goods of another invoice.
        I.PARTIALLY_PAID: {I.PAID, I.OVERDUE, I.ISSUED},
        I.OVERDUE: {*_PAY, I.DUNNING_1, I.WRITTEN_OFF},
        I.DUNNING_1: {*_PAY, I.DUNNING_2, I.WRITTEN_OFF},
        I.DUNNING_2: {*_PAY, I.DUNNING_3, I.WRITTEN_OFF},
        I.DUNNING_3: {*_PAY, I.COLLECTION, I.WRITTEN_OFF},
        I.COLLECTION: {*_PAY, I.WRITTEN_OFF},
        I.PAID: {I.PARTIALLY_PAID, I.ISSUED, I.OVERDUE},
    },
)
