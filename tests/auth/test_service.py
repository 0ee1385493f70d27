"""People are added, changed and signed in and out."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.auth import PASSWORD, ids, make_client, make_session, make_user, session_of
from factories.locations import make_location
from factories.partners import make_partner
from kontor.auth import queries, secrets, service
from kontor.auth.errors import AdminExists, EmailTaken, InvalidUser, LastAdmin, SignInRefused, WrongPassword
from kontor.auth.models import AuditEntry, UserSession
from kontor.auth.permissions import Role
from kontor.auth.service import UserInput
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id

NOW = wall()


async def test_a_user_is_kept_under_the_normalized_address(database: Database) -> None:
    async with database.unit_of_work() as db:
        user = await make_user(db, email="  Anna@Kontor.Example ", name=" Anna ")
    assert (user.email, user.name, user.active) == ("anna@kontor.example", "Anna", True)
    assert user.password_hash.startswith("$argon2id$")


async def test_one_address_is_one_user_whatever_its_case(database: Database) -> None:
    async with database.unit_of_work() as db:
        await make_user(db, email="anna@kontor.example")
    with pytest.raises(EmailTaken) as refusal:
        async with database.unit_of_work() as db:
            await make_user(db, email="ANNA@kontor.example")
    assert refusal.value.path == ("email",)


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"email": "anna"}, "INVALID_EMAIL", "email"),
        ({"email": "anna@home"}, "INVALID_EMAIL", "email"),
        ({"email": "an\x00na@kontor.example"}, "INVALID_EMAIL", "email"),
        ({"name": "  "}, "INVALID_USER", "name"),
        ({"language": "fr"}, "INVALID_USER", "language"),
        ({"password": "short"}, "WEAK_PASSWORD", "password"),
        ({"role": Role.DROPSHIPPER}, "PARTNER_MISMATCH", "partnerId"),
        ({"role": Role.FINANCE, "partner_id": new_id()}, "PARTNER_MISMATCH", "partnerId"),
        ({"role": Role.STORE_MANAGER}, "LOCATION_MISMATCH", "locationIds"),
        ({"role": Role.CARE_AGENT, "location_ids": frozenset({new_id()})}, "LOCATION_MISMATCH", "locationIds"),
        ({"role": Role.DROPSHIPPER, "partner_id": new_id()}, "PARTNER_NOT_FOUND", "partnerId"),
        ({"role": Role.STORE_MANAGER, "location_ids": frozenset({new_id()})}, "LOCATION_NOT_FOUND", "locationIds"),
    ],
)
async def test_what_cannot_be_is_refused_naming_the_field(
    database: Database, given: dict[str, Any], code: str, path: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        async with database.unit_of_work() as db:
            await make_user(db, **given)
    assert (refusal.value.code, refusal.value.path) == (code, (path,))


async def test_the_first_administrator_is_made_once_unless_forced(database: Database) -> None:
    async def attempt(number: int, *, force: bool = False) -> Any:
        async with database.unit_of_work() as db:
            return await service.create_first_admin(
                db, email=f"a{number}@kontor.example", name="Anna", password=PASSWORD, now=NOW, force=force
            )

    assert (await attempt(1)).role is Role.ADMIN
    with pytest.raises(AdminExists):
        await attempt(2)
    assert (await attempt(3, force=True)).email == "a3@kontor.example"


async def test_a_session_shows_what_its_person_may(database: Database) -> None:
    async with database.unit_of_work() as db:
        partner, north, south = await make_partner(db), await make_location(db), await make_location(db)
    admin = await make_session(database)
    store = await make_session(database, role=Role.STORE_ASSOCIATE, location_ids=ids(north, south))
    dropshipper = await make_session(database, role=Role.DROPSHIPPER, partner_id=partner.id)
    boss, associate, supplier = [
        await session_of(database, secrets.digest(item.token)) for item in (admin, store, dropshipper)
    ]
    assert boss
    assert (boss.restricted, boss.may("users:write")) == (False, True)
    assert associate
    assert associate.location_ids == ids(north, south)
    assert supplier
    assert (supplier.partner_id, supplier.may("orders:read")) == (partner.id, False)


async def test_a_session_ends_when_idle_and_at_last(database: Database) -> None:
    signed_in = await make_session(database, now=NOW)
    token_hash = secrets.digest(signed_in.token)
    assert await session_of(database, token_hash, now=NOW + timedelta(hours=3, minutes=59))
    assert await session_of(database, token_hash, now=NOW + timedelta(hours=4)) is None
    moment = NOW
    for _ in range(5):
        moment += timedelta(hours=3)
        async with database.unit_of_work() as db:
            row = await db.scalar(sa.select(UserSession))
            assert row is not None
            await service.note_seen(db, row.id, now=moment)
    assert await session_of(database, token_hash, now=NOW + timedelta(hours=15, minutes=59))
    assert await session_of(database, token_hash, now=NOW + timedelta(hours=16)) is None


async def test_last_seen_is_written_once_a_minute(database: Database) -> None:
    await make_session(database, now=NOW)
    async with database.read_only() as db:
        session = await db.scalar(sa.select(UserSession))
    assert session is not None
    for seconds, expected in ((59, 0), (60, 60), (110, 60)):
        async with database.unit_of_work() as db:
            await service.note_seen(db, session.id, now=NOW + timedelta(seconds=seconds))
        async with database.read_only() as db:
            seen = await db.scalar(sa.select(UserSession.last_seen_at))
        assert seen == NOW + timedelta(seconds=expected)


async def test_signing_out_ends_one_session_and_everywhere_all(database: Database) -> None:
    first = await make_session(database)
    tokens = [first.token]
    for _ in range(2):
        async with database.unit_of_work() as db:
            tokens.append(
                await service.open_session(
                    db, first.user, verified_hash=first.user.password_hash, user_agent="", now=wall()
                )
            )
    async with database.unit_of_work() as db:
        await service.sign_out(db, tokens[0])
        await service.sign_out(db, "ks_unknown")
    assert [await session_of(database, secrets.digest(item)) is None for item in tokens] == [True, False, False]
    async with database.unit_of_work() as db:
        await service.sign_out_everywhere(db, first.user.id)
    assert [await session_of(database, secrets.digest(item)) for item in tokens] == [None] * 3


async def test_no_session_opens_when_the_password_changed_meanwhile(database: Database) -> None:
    async with database.unit_of_work() as db:
        user = await make_user(db)
    with pytest.raises(SignInRefused):
        async with database.unit_of_work() as db:
            await service.open_session(db, user, verified_hash="another", user_agent="", now=NOW)


async def test_changing_the_password_needs_the_present_one_and_ends_all_sessions(database: Database) -> None:
    signed_in = await make_session(database)
    async with database.unit_of_work() as db:
        user = await queries.lock_user(db, signed_in.user.id)
        with pytest.raises(WrongPassword) as refusal:
            await service.change_password(db, user, current="wrong", new="another good one", now=NOW)
    assert refusal.value.path == ("current",)
    async with database.unit_of_work() as db:
        user = await queries.lock_user(db, signed_in.user.id)
        await service.change_password(db, user, current=PASSWORD, new="another good one", now=NOW)
    assert await session_of(database, secrets.digest(signed_in.token)) is None
    assert await secrets.verify_password(user.password_hash, "another good one")


async def test_a_change_of_rights_ends_sessions_and_a_change_of_name_does_not(database: Database) -> None:
    async with database.unit_of_work() as db:
        north, south = await make_location(db), await make_location(db)
    person = await make_session(database, role=Role.STORE_ASSOCIATE, location_ids=ids(north))
    email, token_hash = person.user.email, secrets.digest(person.token)

    async def update(**given: Any) -> None:
        values: dict[str, Any] = {"email": email, "name": "Anna", "role": Role.STORE_ASSOCIATE}
        async with database.unit_of_work() as db:
            user = await queries.lock_user(db, person.user.id)
            await service.update_user(db, user, UserInput(**(values | given)), now=NOW)

    await update(name="Berta", location_ids=ids(north))
    seen = await session_of(database, token_hash)
    assert seen is not None
    assert seen.name == "Berta"
    await update(location_ids=ids(south))
    assert await session_of(database, token_hash) is None
    async with database.read_only() as db:
        assert (await queries.locations_of(db, [person.user.id])) == {person.user.id: {south.id}}


async def test_the_last_administrator_stays_one(database: Database) -> None:
    async with database.unit_of_work() as db:
        first, second = await make_user(db), await make_user(db)
    async with database.unit_of_work() as db:
        await service.deactivate(db, await queries.lock_user(db, first.id), now=NOW)
    for given in (
        UserInput(second.email, "Anna", Role.FINANCE),
        UserInput(second.email, "Anna", Role.ADMIN, active=False),
    ):
        with pytest.raises(LastAdmin):
            async with database.unit_of_work() as db:
                await service.update_user(db, await queries.lock_user(db, second.id), given, now=NOW)
    with pytest.raises(LastAdmin):
        async with database.unit_of_work() as db:
            await service.deactivate(db, await queries.lock_user(db, second.id), now=NOW)


async def test_a_deactivated_person_is_out_at_once(database: Database) -> None:
    await make_session(database)
    person = await make_session(database, role=Role.FINANCE)
    async with database.unit_of_work() as db:
        await service.deactivate(db, await queries.lock_user(db, person.user.id), now=NOW)
    assert await session_of(database, secrets.digest(person.token)) is None


async def test_the_database_itself_refuses_a_dropshipper_without_partner(database: Database) -> None:
    async with database.unit_of_work() as db:
        user = await make_user(db, role=Role.FINANCE)
    with pytest.raises(sa.exc.IntegrityError):
        async with database.unit_of_work() as db:
            (await queries.lock_user(db, user.id)).role = Role.DROPSHIPPER


async def test_what_is_over_is_deleted(database: Database) -> None:
    await make_session(database, now=NOW)
    async with database.unit_of_work() as db:
        await make_client(db, now=NOW)
        await service.forget_expired(db, now=NOW + timedelta(hours=3))
        assert await db.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 1
        await service.forget_expired(db, now=NOW + timedelta(hours=4))
        assert await db.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 0


async def test_signing_in_and_out_is_in_the_audit_trail(database: Database) -> None:
    person = await make_session(database)
    async with database.unit_of_work() as db:
        await service.sign_out(db, person.token)
    async with database.read_only() as db:
        entries = list(await db.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))
    assert [(item.operation, item.targets) for item in entries] == [
        ("signIn", [f"user:{person.user.id}"]),
        ("signOut", [f"user:{person.user.id}"]),
    ]
    assert (entries[0].principal_kind, entries[0].principal_id) == ("USER", person.user.id)  # whatever the way was


async def test_people_are_listed_by_address_and_found_by_name(database: Database) -> None:
    from kontor.core.pagination import PageRequest

    async with database.unit_of_work() as db:
        for name in ("Cleo", "Anna", "Berta"):
            await make_user(db, email=f"{name}@kontor.example", name=f"{name} 100%")
    async with database.read_only() as db:
        first = await queries.list_users(db, PageRequest(2))
        rest = await queries.list_users(db, PageRequest(2, first.cursors[-1]))
        found = await queries.list_users(db, PageRequest(), search="berta 100%")
        none = await queries.list_users(db, PageRequest(), search="b_rta")
    assert [item.name[:5].strip() for item in (*first.items, *rest.items)] == ["Anna", "Berta", "Cleo"]
    assert ([item.name for item in found.items], none.items) == (["Berta 100%"], [])


async def test_an_unusable_description_changes_nothing(database: Database) -> None:
    async with database.unit_of_work() as db:
        user = await make_user(db)
    async with database.unit_of_work() as db:
        locked = await queries.lock_user(db, user.id)
        with pytest.raises(InvalidUser):
            await service.update_user(db, locked, UserInput("nobody", "", Role.ADMIN), now=NOW)
    async with database.read_only() as db:
        assert (await queries.get_user(db, user.id)).email == user.email
