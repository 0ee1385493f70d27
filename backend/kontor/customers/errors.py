"""Refusals of customers."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class CustomerNotFound(NotFound):
    """There is no such customer, or the principal may not see it."""

    default_code = "CUSTOMER_NOT_FOUND"


class CustomerGone(Conflict):
    """The customer was erased (CUSTOMER_ERASED) or went into another one (CUSTOMER_MERGED)."""

    default_code = "CUSTOMER_GONE"


class InvalidConsent(InvalidInput):
    """The purpose or the source of a consent is missing or too long."""

    default_code = "INVALID_CONSENT"


class ReferenceTaken(Conflict):
    """The channel knows another customer by this id."""

    default_code = "REFERENCE_TAKEN"


class CustomerUnnamed(InvalidInput):
    """Neither a number nor a channel and its id name the customer."""

    default_code = "CUSTOMER_UNNAMED"


class InvalidVatId(InvalidInput):
    """The VAT id has a wrong form or check digit."""

    default_code = "INVALID_VAT_ID"
