"""Where files are kept: a local folder or an S3-compatible store."""

import re

from kontor.core.errors import InvalidInput
from kontor.documents.ports import DocumentStore

_PART = re.compile(r"[A-Za-z0-9_+=@-][A-Za-z0-9._+=@-]*")
_LONGEST_KEY = 512


def checked_key(key: str) -> str:
    """The key itself; `InvalidInput` when it could leave the store or means different things to different stores.

    A part never starts with a dot: that rules out `..`, hidden files and the names of unfinished writes.
    """
    if len(key) > _LONGEST_KEY or not all(_PART.fullmatch(part) and len(part) <= 200 for part in key.split("/")):
        raise InvalidInput(f"{key[:80]!r} is not a storage key", code="STORAGE_KEY_INVALID", path=("key",))
    return key


def store_from_url(url: str) -> DocumentStore:
    """`file:///folder` or a plain folder is a local store, `s3://bucket/prefix` an S3-compatible one (extra `s3`)."""
    if url.startswith("s3://"):
        from kontor.adapters.storage.s3 import S3Store

        return S3Store.from_url(url)
    from kontor.adapters.storage.local import LocalStore

    return LocalStore.from_url(url)
