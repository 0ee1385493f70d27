"""The bench of what partners wait for, in small: every line of its file is accounted for, every page is whole."""

import asyncio
from pathlib import Path

from kontor import bootstrap
from kontor.bench import portal


async def test_every_line_of_the_stock_file_is_accounted_for(tmp_path: Path) -> None:
    await asyncio.to_thread(bootstrap.migrate, portal.file_of(tmp_path))
    await portal.fill(tmp_path, "", "stock", 300)
    found = await portal.stock(tmp_path, "", 300)
    assert (found["written"], found["returned"], found["changed"]) == (297, 3, 0)
    assert found["peak"] > 0


async def test_first_page_of_the_inbox_is_whole(tmp_path: Path) -> None:
    await asyncio.to_thread(bootstrap.migrate, portal.file_of(tmp_path))
    await portal.fill(tmp_path, "", "inbox", 60)
    found = await portal.inbox(tmp_path, "", 60)
    assert 0 < found["p50"] <= found["p95"]
