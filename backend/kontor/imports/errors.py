"""Refusals of rows and files."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


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


class UnreadableLine(UnreadableFile):
    """From line `line` on, counted from 1 with the header, the file cannot be read; what stands before is fine."""

    default_code = "UNREADABLE_LINE"

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"From line {line} on the file cannot be read: {reason}.", line=line)
        self.line = line


class OtherLineRefused(InvalidInput):
    """Several lines are one thing, and another one of them was refused."""

    default_code = "OTHER_LINE_REFUSED"

    def __init__(self, key: str) -> None:
        super().__init__(f"Another line of {key} was refused.", key=key)


class UnknownImportKind(InvalidInput):
    """Nothing of this kind can be imported."""

    default_code = "UNKNOWN_IMPORT_KIND"


class UploadNotFound(NotFound):
    """There is no such file, or it may not be seen."""

    default_code = "UPLOAD_NOT_FOUND"


class UploadGuarded(Conflict):
    """What applying the file would do has to be confirmed first."""

    default_code = "UPLOAD_GUARDED"


class ColumnsUnmatched(InvalidInput):
    """A column that is needed is not matched, or two are matched with one field."""

    default_code = "COLUMNS_UNMATCHED"


class StandsTwice(InvalidInput):
    """An earlier line of the file is about the same thing."""

    default_code = "STANDS_TWICE"
