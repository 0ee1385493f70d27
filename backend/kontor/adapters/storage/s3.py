"""Files in an S3-compatible store, by the extra `s3`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import MemoryStore
from obstore.store import S3Store as Bucket

from kontor.adapters.storage import checked_key
from kontor.core.errors import NotFound, Unavailable


class S3Store:
    """Keeps each key as an object of one bucket, below a prefix. An object is written whole or not at all."""

    def __init__(self, bucket: Bucket | MemoryStore) -> None:
        self._bucket = bucket

    @classmethod
    def from_url(cls, url: str) -> "S3Store":
        """From `s3://bucket/prefix?endpoint=https://minio:9000&region=eu-central-1&retries=3`.

        Keys come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or from the machine's role. An endpoint by
        plain `http://` is taken as meant.
        """
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = options.get("endpoint")
        return cls(
            Bucket(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                endpoint=endpoint,
                region=options.get("region", "us-east-1"),
                virtual_hosted_style_request=endpoint is None,
                client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
                retry_config={"max_retries": int(options.get("retries", "3"))},
            )
        )

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        await self._put(key, data, content_type)

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        await self._put(key, path, content_type)  # in parts of 5 MB, there once the last of them is

    async def _put(self, key: str, data: bytes | Path, content_type: str) -> None:
        attributes = {} if isinstance(self._bucket, MemoryStore) else {"Content-Type": content_type}
        with _faults_named(checked_key(key)):
            await obstore.put_async(self._bucket, key, data, attributes=attributes)

    async def get(self, key: str) -> bytes:
        with _faults_named(checked_key(key)):
            result = await obstore.get_async(self._bucket, key)
            return bytes(await result.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        with _faults_named(checked_key(key)):
            result = await obstore.get_async(self._bucket, key)
            async for portion in result.stream():
                yield bytes(portion)

    async def exists(self, key: str) -> bool:
        try:
            with _faults_named(checked_key(key)):
                await obstore.head_async(self._bucket, key)
        except NotFound:
            return False
        return True

    async def delete(self, key: str) -> None:
        try:
            with _faults_named(checked_key(key)):
                await obstore.delete_async(self._bucket, key)
        except NotFound:
            return

    async def url(self, key: str, *, expires_in: int = 300) -> str | None:
        checked_key(key)
        if isinstance(self._bucket, MemoryStore):
            return None
        with _faults_named(key):
            return await obstore.sign_async(self._bucket, "GET", key, timedelta(seconds=expires_in))


@contextmanager
def _faults_named(key: str) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise NotFound(f"no file {key}", code="FILE_NOT_FOUND", key=key) from None
    except (BaseError, OSError) as error:
        raise Unavailable("the file store does not answer", code="STORAGE_UNAVAILABLE") from error
