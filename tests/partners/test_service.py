"""The life of a partner."""

import pytest

from kontor.core.db import Database
from kontor.core.pagination import PageRequest
from kontor.core.statemachine import TransitionRefused
from kontor.imports.saving import masters_version
from kontor.partners import queries, service
from kontor.partners.errors import PartnerExists
from kontor.partners.queries import PartnerFilter
from support import Principals


async def test_partner_is_invited_activated_suspended_and_ended(database: Database) -> None:
    async with database.unit_of_work() as db:
        partner = await service.invite_partner(db, {"code": "nord", "name": "Nord", "country": "DE"})
    states, versions = [str(partner.state)], []
    for step in ("activate", "suspend", "activate", "end"):
        async with database.unit_of_work() as db:
            locked = await queries.lock_partner(db, code="nord")
            if step == "activate":
                await service.activate_partner(db, locked)
            elif step == "suspend":
                await service.suspend_partner(db, locked, reason="Late parcels")
            else:
                await service.end_partner(db, locked, reason="Contract over")
            states.append(str(locked.state))
            versions.append(await masters_version(db))
    async with database.read_only() as db:
        assert await queries.partners_without_new_work(db) == {partner.id}
    assert states == ["INVITED", "ACTIVE", "SUSPENDED", "ACTIVE", "ENDED"]
    assert versions == [2, 3, 4, 5]


async def test_invited_partner_cannot_be_suspended(database: Database) -> None:
    async with database.unit_of_work() as db:
        partner = await service.invite_partner(db, {"code": "nord", "name": "Nord", "country": "DE"})
        with pytest.raises(TransitionRefused) as refusal:
            await service.suspend_partner(db, partner, reason="Late parcels")
    assert refusal.value.path == ("id",)


async def test_code_of_a_partner_is_taken_once(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.invite_partner(db, {"code": "nord", "name": "Nord", "country": "DE"})
        with pytest.raises(PartnerExists):
            await service.invite_partner(db, {"code": "nord", "name": "Other", "country": "DE"})


async def test_partner_sees_itself_only(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        results = await service.save_partners(
            db, [{"code": code, "name": code, "country": "DE"} for code in ("nord", "sued")]
        )
    principal = principals.holding("partners:read", partner_id=results[1].id)
    async with database.read_only(principal) as db:
        page = await queries.list_partners(db, PartnerFilter(), PageRequest())
        assert await queries.find_partner(db, code="nord") is None
    assert [partner.code for partner in page.items] == ["sued"]
