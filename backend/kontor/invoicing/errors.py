"""Refusals of invoicing."""

from kontor.core.errors import Conflict, NotFound


class InvoiceNotFound(NotFound):
    """There is no such invoice, or it may not be seen."""

    default_code = "INVOICE_NOT_FOUND"


class InvoiceNotOnAccount(Conflict):
    """The invoice is not one the customer pays by transfer."""

    default_code = "INVOICE_NOT_ON_ACCOUNT"


class NotExpressible(Conflict):
    """An electronic invoice cannot be made of the document; `terms` names what lacks or contradicts."""

    default_code = "INVOICE_NOT_EXPRESSIBLE"


class DunningNoticeNotFound(NotFound):
    """There is no such reminder, or it may not be seen."""

    default_code = "DUNNING_NOTICE_NOT_FOUND"


class NothingOpen(Conflict):
    """Of the invoice or fee nothing is open any more."""

    default_code = "NOTHING_OPEN"
