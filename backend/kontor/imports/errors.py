"""Refusals of rows and files."""

from kontor.core.errors import Conflict, InvalidInput


class InvalidField(InvalidInput):
    """A value is not what the field takes."""

    default_code = "INVALID_FIELD"


class MissingField(InvalidInput):
    """A value that a new row needs is not given."""

    default_code = "MISSING_FIELD"


class UnknownReference(InvalidInput):
    """A code names nothing that exists."""

    default_code = "UNKNOWN_REFERENCE"


class DuplicateRow(InvalidInput):
    """The same thing stands twice in one call."""

    default_code = "DUPLICATE_ROW"


class PastChanged(Conflict):
    """What was valid in the past does not change."""

    default_code = "PAST_CHANGED"


class UnreadableFile(InvalidInput):
    """The file is no table of a kind we read."""

    default_code = "UNREADABLE_FILE"


class UnknownImportKind(InvalidInput):
    """Nothing of this kind can be imported."""

    default_code = "UNKNOWN_IMPORT_KIND"
