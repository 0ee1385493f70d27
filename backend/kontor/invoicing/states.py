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
INVOICE = Transitions(
    InvoiceState,
    start=I.ISSUED,
    table={
        # Who is insolvent need not be overdue: any open debt can be given up.
        I.ISSUED: {I.PARTIALLY_PAID, I.PAID, I.OVERDUE, I.WRITTEN_OFF},
        # Money that came in may be gone again: charged back, or refunded with goods of another invoice.
        I.PARTIALLY_PAID: {I.PAID, I.OVERDUE, I.ISSUED, I.WRITTEN_OFF},
        # Money for what was reminded of already may be gone again: the next reminder goes on from there.
        I.OVERDUE: {I.PAID, I.DUNNING_1, I.DUNNING_2, I.DUNNING_3, I.COLLECTION, I.WRITTEN_OFF},
        I.DUNNING_1: {I.PAID, I.DUNNING_2, I.COLLECTION, I.WRITTEN_OFF},
        I.DUNNING_2: {I.PAID, I.DUNNING_3, I.COLLECTION, I.WRITTEN_OFF},
        I.DUNNING_3: {I.PAID, I.COLLECTION, I.WRITTEN_OFF},
        I.COLLECTION: {I.PAID, I.WRITTEN_OFF},
        I.WRITTEN_OFF: {I.PAID},
        I.PAID: {I.PARTIALLY_PAID, I.ISSUED, I.OVERDUE},
    },
)
