import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from kontor.adapters.storage import store_from_url
from kontor.adapters.storage.local import LocalStore
from kontor.adapters.storage.s3 import S3Store
from kontor.core.errors import InvalidInput, NotFound, Unavailable
from kontor.documents.ports import DocumentStore

KEY = "invoices/2026/RE-2026-000123.pdf"


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    makers: dict[str, Callable[[], DocumentStore]] = {
        "local": lambda: LocalStore(tmp_path / "store"),
        "s3": lambda: S3Store(MemoryStore()),
    }
    return makers[request.param]()


def test_what_was_put_is_what_comes_back(store: DocumentStore) -> None:
    async def story() -> bytes:
        await store.put(KEY, b"%PDF", "application/pdf")
        return await store.get(KEY)

    assert asyncio.run(story()) == b"%PDF"


def test_a_large_file_is_streamed_in_portions(store: DocumentStore) -> None:
    data = bytes(range(256)) * 3000

    async def story() -> list[bytes]:
        await store.put(KEY, data, "application/pdf")
        return [portion async for portion in store.stream(KEY)]

    portions = asyncio.run(story())
    assert b"".join(portions) == data


def test_a_missing_file_cannot_be_streamed(store: DocumentStore) -> None:
    async def story() -> None:
        async for _ in store.stream(KEY):
            raise AssertionError("nothing is there")

    with pytest.raises(NotFound):
        asyncio.run(story())


def test_second_put_replaces_the_first(store: DocumentStore) -> None:
    async def story() -> bytes:
        await store.put(KEY, b"first, longer", "text/plain")
        await store.put(KEY, b"second", "text/plain")
        return await store.get(KEY)

    assert asyncio.run(story()) == b"second"


def test_empty_file_is_a_file(store: DocumentStore) -> None:
    async def story() -> tuple[bool, bytes]:
        await store.put(KEY, b"", "text/plain")
        return await store.exists(KEY), await store.get(KEY)

    assert asyncio.run(story()) == (True, b"")


def test_missing_file_is_not_found(store: DocumentStore) -> None:
    assert asyncio.run(store.exists(KEY)) is False
    with pytest.raises(NotFound) as refusal:
        asyncio.run(store.get(KEY))
    assert refusal.value.code == "FILE_NOT_FOUND"


def test_folder_of_files_is_no_file(store: DocumentStore) -> None:
    asyncio.run(store.put(KEY, b"x", "text/plain"))
    assert asyncio.run(store.exists("invoices/2026")) is False
    with pytest.raises(NotFound):
        asyncio.run(store.get("invoices/2026"))


def test_deleting_twice_is_as_good_as_once(store: DocumentStore) -> None:
    async def story() -> bool:
        await store.put(KEY, b"x", "text/plain")
        await store.delete(KEY)
        await store.delete(KEY)
        return await store.exists(KEY)

    assert asyncio.run(story()) is False


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".hidden", "a/.b", "a\\b", "a\x00b", "ä", "a b", "x" * 600],
)
def test_key_that_could_leave_the_store_is_refused(store: DocumentStore, key: str) -> None:
    for operation in (store.put(key, b"x", "text/plain"), store.get(key), store.exists(key), store.delete(key)):
        with pytest.raises(InvalidInput):
            asyncio.run(operation)
    with pytest.raises(InvalidInput):
        asyncio.run(store.url(key))


def test_stores_without_addresses_say_so(store: DocumentStore) -> None:
    assert asyncio.run(store.url(KEY)) is None


def test_reader_sees_whole_files_while_another_writes(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    versions = {bytes([number]) * 200_000 for number in range(20)}
    asyncio.run(store.put(KEY, bytes([0]) * 200_000, "x"))

    def write() -> None:
        for version in sorted(versions):
            asyncio.run(store.put(KEY, version, "x"))

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        assert asyncio.run(store.get(KEY)) in versions
    writer.join()


def test_failed_write_leaves_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    asyncio.run(store.put(KEY, b"old", "x"))

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kontor.adapters.storage.local.os.fsync", full_disk)
    with pytest.raises(Unavailable):
        asyncio.run(store.put(KEY, b"new", "x"))
    assert asyncio.run(store.get(KEY)) == b"old"
    assert [path.name for path in (tmp_path / KEY).parent.iterdir()] == ["RE-2026-000123.pdf"]


def test_url_of_a_store_names_its_kind(tmp_path: Path) -> None:
    assert isinstance(store_from_url(f"file://{tmp_path}"), LocalStore)
    assert isinstance(store_from_url(f"file:{tmp_path}"), LocalStore)
    assert isinstance(store_from_url(str(tmp_path)), LocalStore)


def test_s3_address_is_signed_and_points_to_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = store_from_url("s3://bucket/kontor?endpoint=http://127.0.0.1:9&region=eu-central-1")
    url = asyncio.run(store.url(KEY, expires_in=60))
    assert url is not None
    assert url.startswith(f"http://127.0.0.1:9/bucket/kontor/{KEY}?")
    assert "X-Amz-Expires=60" in url


def test_s3_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with contextlib.closing(socket.socket()) as unheard:
        unheard.bind(("127.0.0.1", 0))
        store = store_from_url(f"s3://bucket?endpoint=http://127.0.0.1:{unheard.getsockname()[1]}&retries=0")
        with pytest.raises(Unavailable):
            asyncio.run(store.put(KEY, b"x", "text/plain"))
