"""Refusals of care."""

from kontor.core.errors import Conflict, Forbidden, InvalidInput, NotFound


class CaseNotFound(NotFound):
    """There is no such case, or it may not be seen."""

    default_code = "CASE_NOT_FOUND"


class CaseDone(Conflict):
    """The case is closed."""

    default_code = "CASE_DONE"


class InvalidCase(InvalidInput):
    """The case cannot be kept as given."""

    default_code = "INVALID_CASE"


class InvalidDeadline(InvalidInput):
    """Cases of a kind cannot be given this deadline; the path names what is wrong."""

    default_code = "INVALID_DEADLINE"


class CaseTaken(Conflict):
    """Somebody else looks after the case."""

    default_code = "CASE_TAKEN"


class CaseMoved(Conflict):
    """The case is not where it was when the caller looked: somebody gave it on or put it back."""

    default_code = "CASE_MOVED"


class CaseNotDecidable(Forbidden):
    """Who cannot do what ends a case does not look after it either."""

    default_code = "CASE_NOT_DECIDABLE"


class InvalidSearch(InvalidInput):
    """There is nothing in the term that could be looked for, or it is too long."""

    default_code = "INVALID_SEARCH"


class CustomerInUse(Conflict):
    """A person cannot be erased while an order, return, refund, invoice, dispute or case of theirs is open."""

    default_code = "CUSTOMER_IN_USE"


class InvalidErasure(InvalidInput):
    """An erasure needs a reason."""

    default_code = "INVALID_ERASURE"


class InvalidMerge(InvalidInput):
    """These two cannot be merged, or not this way."""

    default_code = "INVALID_MERGE"


class InvalidListing(InvalidInput):
    """A customer cannot be blocked or trusted this way."""

    default_code = "INVALID_LISTING"
