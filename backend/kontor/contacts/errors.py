"""Refusals of contacts."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class ContactNotFound(NotFound):
    """There is no such contact, or it may not be seen."""

    default_code = "CONTACT_NOT_FOUND"


class InvalidContact(InvalidInput):
    """The contact cannot be kept as given."""

    default_code = "INVALID_CONTACT"


class AlreadyCorrected(Conflict):
    """Another contact has put this one right."""

    default_code = "CONTACT_CORRECTED"


class NoFollowUp(Conflict):
    """Nothing is to be followed up, or it was done."""

    default_code = "NO_FOLLOW_UP"
