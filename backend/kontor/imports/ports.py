"""The place where uploaded files wait, as seen from inside."""

from pathlib import Path
from typing import Protocol


class FileStore(Protocol):
    """Keeps files under keys; the store of the documents does."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Keep `data` durably."""

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        """Keep the content of a local file without holding all of it in memory."""

    async def get(self, key: str) -> bytes:
        """The bytes last put under the key; `NotFound` if there are none."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the file; nothing happens when there is none."""
