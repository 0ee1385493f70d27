"""The place where files are kept, as seen from inside."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol


class DocumentStore(Protocol):
    """Keeps bytes under a key such as `invoices/2026/RE-2026-000123.pdf`.

    Keys are relative, made of `/`-separated parts of letters, digits and `._-+=@`; anything else is `InvalidInput`.
    A put replaces what was there, as a whole or not at all. Faults of the store are `Unavailable`.
    """

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Keep `data` durably: it survives a crash once this returns."""

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        """Keep the content of a local file as `put` does, without ever holding all of it in memory."""

    async def get(self, key: str) -> bytes:
        """The bytes last put under the key; `NotFound` if there are none."""
        ...

    def stream(self, key: str) -> AsyncIterator[bytes]:
        """The same bytes portion by portion, never all of them in memory; `NotFound` with the first portion."""
        ...

    async def exists(self, key: str) -> bool:
        """Whether the key holds a file."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the file; nothing happens when there is none."""

    async def url(self, key: str, *, expires_in: int = 300) -> str | None:
        """An address that serves the file for that many seconds, or None where the store has no such addresses."""
        ...
