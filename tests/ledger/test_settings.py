"""How a legal entity keeps its books is said by field, and counts from then on."""

from __future__ import annotations

from typing import Any

import pytest

from factories.channels import make_legal_entity
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.ledger import queries, service


async def entity_of(database: Database) -> LegalEntity:
    async with database.unit_of_work() as db:
        return await make_legal_entity(db)


async def test_settings_are_the_usual_ones_until_they_are_changed(database: Database) -> None:
    entity = await entity_of(database)
    async with database.read_only() as db:
        before = await queries.settings_of(db, entity)
    async with database.unit_of_work() as db:
        await service.save_settings(db, entity, {"chart": "SKR04", "fiscal_year_month": 7})
    async with database.unit_of_work() as db:
        await service.save_settings(db, entity, {"account_length": 5})
    async with database.read_only() as db:
        after = await queries.settings_of(db, entity)
    assert (before.chart, before.fiscal_year_month, before.account_length) == ("SKR03", 1, 4)
    assert (after.chart, after.fiscal_year_month, after.account_length) == ("SKR04", 7, 5)


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"fiscal_year_month": 13}, "OUT_OF_RANGE", ("fiscalYearMonth",)),
        ({"account_length": 1}, "OUT_OF_RANGE", ("accountLength",)),
        ({"consultant_number": 1000}, "OUT_OF_RANGE", ("consultantNumber",)),
        ({"chart": "SKR99"}, "UNKNOWN_CHART", ("chart",)),
    ],
)
async def test_wrong_settings_are_refused_by_field_and_change_nothing(
    database: Database, wrong: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    entity = await entity_of(database)
    with pytest.raises(InvalidInput) as refused:
        async with database.unit_of_work() as db:
            await service.save_settings(db, entity, {"client_number": 7, **wrong})
    assert (refused.value.code, refused.value.path) == (code, path)
    async with database.read_only() as db:
        assert (await queries.settings_of(db, entity)).client_number == 0
