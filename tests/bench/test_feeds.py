"""The import that the bench measures is a whole one."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from kontor.bench.feeds import import_products
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database


@pytest.mark.engine("postgresql")
async def test_every_product_of_the_file_is_there(database: Database, tmp_path: Path) -> None:
    done = import_products(database.url, tmp_path, 30)
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(ProductVariant)) == 30
    assert done.memory > 10


@pytest.mark.engine("postgresql")
async def test_import_that_fails_is_no_figure(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="The import ended with"):
        import_products(database.url.rpartition("/")[0] + "/nowhere", tmp_path, 1)
