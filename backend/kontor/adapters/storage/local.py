"""Files in a folder. A file is there as a whole or not at all, also after a power cut."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from kontor.adapters.storage import checked_key
from kontor.core.errors import NotFound, Unavailable

_PORTION = 256 * 1024


class LocalStore:
    """Keeps each key as a file below `root`, which is made when needed."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    @classmethod
    def from_url(cls, url: str) -> "LocalStore":
        """From `file:///folder` or a plain path."""
        return cls(Path(unquote(urlsplit(url).path)) if url.startswith("file:") else Path(url))

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        path = self._path(key)
        await asyncio.to_thread(_guarded_write, path, lambda file: file.write(data))

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        await asyncio.to_thread(_guarded_write, self._path(key), partial(_copy, path))

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread(_read, self._path(key), key)

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(_open, self._path(key), key)
        try:
            while portion := await asyncio.to_thread(file.read, _PORTION):
                yield portion
        finally:
            file.close()

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self._path(key).is_file)

    async def delete(self, key: str) -> None:
        path = self._path(key)
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def url(self, key: str, *, expires_in: int = 300) -> str | None:
        checked_key(key)
        return None

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)


def _read(path: Path, key: str) -> bytes:
    with _open(path, key) as file:
        return file.read()


def _open(path: Path, key: str) -> BinaryIO:
    try:
        return path.open("rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise NotFound(f"no file {key}", code="FILE_NOT_FOUND", key=key) from None
    except OSError as error:
        raise Unavailable(f"the file store does not answer: {error.strerror}", code="STORAGE_UNAVAILABLE") from error


def _copy(source: Path, target: BinaryIO) -> None:
    with source.open("rb") as file:
        shutil.copyfileobj(file, target, 1 << 20)


def _guarded_write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    try:
        _make_folders(path.parent)
        _write(path, fill)
    except OSError as error:
        raise Unavailable(f"the file store does not answer: {error.strerror}", code="STORAGE_UNAVAILABLE") from error


def _write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-")
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
    _sync_folder(path.parent)


def _make_folders(folder: Path) -> None:
    """Make the folder durably: a new folder's entry in its parent has to reach the disk as well."""
    missing = [level for level in (folder, *folder.parents) if not level.exists()]
    for level in reversed(missing):
        level.mkdir(exist_ok=True)
        _sync_folder(level.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
