"""The life of a partner."""

from datetime import timedelta

import pytest

from factories.auth import make_client, make_session, session_of
from factories.partners import make_partner
from kontor.adapters.messaging.mailbox import Mailbox
from kontor.auth import clients
from kontor.auth import queries as auth
from kontor.auth.permissions import ClientKind, Role
from kontor.auth.secrets import digest
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.pagination import PageRequest
from kontor.core.statemachine import TransitionRefused
from kontor.imports.saving import masters_version
from kontor.notifications.ports import MessageSender
from kontor.partners import inviting, queries, service
from kontor.partners.errors import PartnerExists
from kontor.partners.queries import PartnerFilter
from support import Drain, Principals


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


async def test_access_of_a_partner_ends_with_the_partner(database: Database) -> None:
    now = wall()
    async with database.unit_of_work() as db:
        ended, stays = await make_partner(db), await make_partner(db)
        scopes = frozenset({"fulfillment:read"})
        for partner, token in ((ended, "kt_ended"), (stays, "kt_stays")):
            made = await make_client(db, kind=ClientKind.PARTNER, partner_id=partner.id, scopes=scopes)
            clients.save_access_token(
                db, made.client.id, token, scopes=sorted(scopes), now=now, expires_at=now + timedelta(hours=1)
            )
    person = await make_session(database, role=Role.DROPSHIPPER, partner_id=ended.id)

    async def open_doors() -> list[bool]:
        async with database.read_only() as db:
            tokens = [await auth.find_access_token(db, digest(token), now=wall()) for token in ("kt_ended", "kt_stays")]
        doors = [None if token is None else token.principal for token in tokens]
        return [door is not None for door in (*doors, await session_of(database, digest(person.token)))]

    assert await open_doors() == [True, True, True]
    async with database.unit_of_work() as db:
        await service.suspend_partner(db, await queries.lock_partner(db, id=ended.id), reason="Late parcels")
    assert await open_doors() == [True, True, True]
    async with database.unit_of_work() as db:
        await service.end_partner(db, await queries.lock_partner(db, id=ended.id), reason="Contract over")
    assert await open_doors() == [False, True, False]


async def test_whoever_was_removed_before_they_began_is_let_in_again(
    database: Database, drain: Drain, runtime: Runtime
) -> None:
    """Who is told that a mail was sent can rely on it."""
    async with database.unit_of_work() as db:
        partner = await service.invite_partner(db, {"code": "nord", "name": "Nord", "country": "DE"})
        kim = await inviting.invite_person(db, partner, inviting.FirstPerson("Kim", "kim@nord.example"))
        (await auth.lock_user(db, kim.id)).active = False
    assert await drain() == []
    box = runtime.ports.get(MessageSender)  # type: ignore[type-abstract]
    assert isinstance(box, Mailbox)
    assert await box.list_messages(to="kim@nord.example") == []
    async with database.unit_of_work() as db:
        again = await inviting.invite_person(
            db, await queries.lock_partner(db, code="nord"), inviting.FirstPerson("Kim", "kim@nord.example")
        )
        assert (again.id, again.active) == (kim.id, True)
    assert await drain() == []
    assert len(await box.list_messages(to="kim@nord.example")) == 1


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
