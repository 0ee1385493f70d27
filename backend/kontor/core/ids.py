"""Time-ordered ids (UUIDv7, RFC 9562): new rows land at the end of every index."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()


def is_uuid(text: str) -> bool:
    """Whether the text reads as a UUID."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
