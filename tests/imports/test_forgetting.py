"""Uploaded files go with every line of them when their time is over; that there was a file, and what it did, stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from factories.uploads import Uploader, supplier
from kontor import bootstrap, relay
from kontor.core import outbox
from kontor.core.db import Database
from kontor.core.errors import NotFound
from kontor.core.jobs import Runtime
from kontor.imports.models import Upload
from kontor.imports.ports import FileStore
from kontor.imports.states import UploadState
from kontor.imports.uploads import key_of
from support import Client, Drain, StandingClock

FILE = b"sku,stock,remark\nLAMP,4,for Greta Fock\nBOAT,1,for Greta Fock\n"


async def is_there(runtime: Runtime, upload_id: str, part: str = "file") -> bool:
    try:
        await runtime.ports.get(FileStore).get(key_of(UUID(upload_id), part))  # type: ignore[type-abstract]
    except NotFound:
        return False
    return True


async def forget(database: Database) -> None:
    async with database.unit_of_work() as db:
        outbox.schedule(db, "imports.forget", {})


async def test_files_and_their_lines_go_after_their_time(
    database: Database, client: Client, drain: Drain, runtime: Runtime, clock: StandingClock
) -> None:
    kim = await supplier(database, LAMP=3)
    files = Uploader(client, drain, kim, "stock")
    done, abandoned = await files.send(FILE), await files.send(FILE)
    assert await files.apply(done) is None
    clock.advance(days=20)
    young = await files.send(FILE)
    clock.advance(days=11)
    await forget(database)
    assert await drain() == []
    assert [await is_there(runtime, each) for each in (done, abandoned, young)] == [False, False, True]
    assert not await is_there(runtime, done, "returned")
    seen = await files.look(done)
    assert (seen["state"], seen["counts"], seen["returned"], seen["findings"]) == (
        "DONE", {"CHANGED": 1, "UNKNOWN": 1}, 0, [],
    )  # fmt: skip
    assert (await files.look(abandoned))["state"] == "CANCELED"
    answer = await client.http.get(f"/files/uploads/{done}/returned", headers=client.acting(kim))
    assert answer.status_code == 404
    async with database.read_only() as db:
        rows = [await db.get_one(Upload, UUID(each)) for each in (done, abandoned, young)]
    assert ["Greta" in str(row.sample) for row in rows] == [False, False, True]
    assert await files.apply(young) is None


@pytest.mark.engine("sqlite")
async def test_files_in_work_and_all_where_no_days_are_set_are_kept(
    database: Database, client: Client, drain: Drain, runtime: Runtime, clock: StandingClock
) -> None:
    bootstrap.load()
    upload = await Uploader(client, drain, await supplier(database, LAMP=3), "stock").send(FILE)
    clock.advance(days=4000)
    await forget(database)
    endless = replace(runtime, settings=replace(runtime.settings, upload_days_kept=0))
    assert await relay.drain(endless) == []
    assert await is_there(runtime, upload)
    async with database.unit_of_work() as db:
        row = await db.get_one(Upload, UUID(upload))
        row.state, row.updated_at = UploadState.APPLYING, db.now - timedelta(days=99)
    await forget(database)
    assert await drain() == []
    assert await is_there(runtime, upload)
