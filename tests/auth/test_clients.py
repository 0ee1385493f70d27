"""Machines get scopes and secrets, and lose them."""

from datetime import timedelta
from typing import Any

import pytest

from factories.auth import ids, make_client, make_user
from factories.channels import make_channel
from factories.partners import make_partner
from kontor.auth import clients, queries, secrets
from kontor.auth.errors import ApiClientInactive, InvalidApiClient
from kontor.auth.permissions import ClientKind, Role
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.pagination import PageRequest
from kontor.core.principal import Principal

NOW = wall()


async def secrets_in_force(database: Database, client_id: str, moment: Any) -> set[str]:
    async with database.read_only() as db:
        known = await queries.find_known_client(db, client_id, now=moment)
    return set(known.secret_hashes) if known else set()


async def behind(database: Database, token: str, *, now: Any = NOW) -> Principal | None:
    async with database.read_only() as db:
        found = await queries.find_access_token(db, secrets.digest(token), now=now)
    return found.principal if found else None


async def give_token(database: Database, client_row_id: Any, token: str, scopes: list[str]) -> None:
    async with database.unit_of_work() as db:
        clients.save_access_token(db, client_row_id, token, scopes=scopes, now=NOW, expires_at=NOW + timedelta(hours=1))


async def test_the_secret_is_shown_once_and_kept_hashed(database: Database) -> None:
    async with database.unit_of_work() as db:
        made = await make_client(db)
    assert made.secret.startswith("kcs_")
    assert made.client.client_id.startswith("kc_")
    assert await secrets_in_force(database, made.client.client_id, NOW) == {secrets.digest(made.secret)}


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"name": " "}, "INVALID_API_CLIENT", "name"),
        ({"scopes": frozenset()}, "SCOPE_NOT_GRANTABLE", "scopes"),
        ({"scopes": frozenset({"users:write"})}, "SCOPE_NOT_GRANTABLE", "scopes"),
        ({"scopes": frozenset({"stock:fly"})}, "SCOPE_NOT_GRANTABLE", "scopes"),
        ({"kind": ClientKind.SHOP, "scopes": frozenset({"orders:place"})}, "CHANNEL_MISMATCH", "channelIds"),
        ({"channel_ids": frozenset({new_id()})}, "CHANNEL_MISMATCH", "channelIds"),
        ({"kind": ClientKind.PARTNER}, "PARTNER_MISMATCH", "partnerId"),
        ({"kind": ClientKind.PARTNER, "partner_id": new_id()}, "PARTNER_NOT_FOUND", "partnerId"),
        (
            {"kind": ClientKind.SHOP, "scopes": frozenset({"orders:place"}), "channel_ids": frozenset({new_id()})},
            "CHANNEL_NOT_FOUND",
            "channelIds",
        ),
        ({"expires_at": NOW}, "INVALID_EXPIRY", "expiresAt"),
    ],
)
async def test_what_cannot_be_is_refused_naming_the_field(
    database: Database, given: dict[str, Any], code: str, path: str
) -> None:
    with pytest.raises(InvalidApiClient) as refusal:
        async with database.unit_of_work() as db:
            await make_client(db, now=NOW, **given)
    assert (refusal.value.code, refusal.value.path) == (code, (path,))


async def test_both_secrets_work_while_they_overlap(database: Database) -> None:
    async with database.unit_of_work() as db:
        old = await make_client(db, now=NOW)
    async with database.unit_of_work() as db:
        client = await queries.lock_api_client(db, old.client.id)
        new = await clients.rotate_api_client_secret(db, client, now=NOW, overlap=timedelta(hours=24))
    both = {secrets.digest(old.secret), secrets.digest(new.secret)}
    name = client.client_id
    assert await secrets_in_force(database, name, NOW + timedelta(hours=23)) == both
    assert await secrets_in_force(database, name, NOW + timedelta(hours=24)) == {secrets.digest(new.secret)}


async def test_a_second_rotation_never_prolongs_a_secret(database: Database) -> None:
    async with database.unit_of_work() as db:
        old = await make_client(db, now=NOW)
        await clients.rotate_api_client_secret(db, old.client, now=NOW, overlap=timedelta(hours=1))
        await clients.rotate_api_client_secret(db, old.client, now=NOW, overlap=timedelta(hours=24))
    later = await secrets_in_force(database, old.client.client_id, NOW + timedelta(hours=2))
    assert secrets.digest(old.secret) not in later
    assert len(later) == 2


async def test_a_leaked_secret_ends_at_once_with_every_token(database: Database) -> None:
    async with database.unit_of_work() as db:
        old = await make_client(db, now=NOW)
    await give_token(database, old.client.id, "ka_1", ["stock:read"])
    async with database.unit_of_work() as db:
        client = await queries.lock_api_client(db, old.client.id)
        new = await clients.rotate_api_client_secret(db, client, now=NOW, overlap=timedelta())
    assert await secrets_in_force(database, client.client_id, NOW) == {secrets.digest(new.secret)}
    assert await behind(database, "ka_1") is None


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=30, seconds=1)])
async def test_an_overlap_has_bounds(database: Database, overlap: timedelta) -> None:
    async with database.unit_of_work() as db:
        made = await make_client(db)
        with pytest.raises(InvalidApiClient) as refusal:
            await clients.rotate_api_client_secret(db, made.client, now=NOW, overlap=overlap)
    assert refusal.value.path == ("overlapHours",)


async def test_a_token_may_what_it_and_its_client_both_may(database: Database) -> None:
    async with database.unit_of_work() as db:
        made = await make_client(db)
    await give_token(database, made.client.id, "ka_1", ["stock:read", "orders:read"])
    found = await behind(database, "ka_1")
    assert found is not None
    assert (found.permissions, found.restricted) == (frozenset({"stock:read"}), False)


async def test_a_token_ends_with_its_hour_or_its_client(database: Database) -> None:
    async with database.unit_of_work() as db:
        made = await make_client(db, now=NOW, expires_at=NOW + timedelta(minutes=30))
    await give_token(database, made.client.id, "ka_1", ["stock:read"])
    assert await behind(database, "ka_1", now=NOW + timedelta(minutes=29)) is not None
    assert await behind(database, "ka_1", now=NOW + timedelta(minutes=30)) is None
    assert await secrets_in_force(database, made.client.client_id, NOW + timedelta(minutes=30)) == set()


async def test_a_shop_reaches_its_channels_and_a_partner_itself(database: Database) -> None:
    async with database.unit_of_work() as db:
        first, second, partner = await make_channel(db), await make_channel(db), await make_partner(db)
        shop = await make_client(
            db, kind=ClientKind.SHOP, scopes=frozenset({"orders:place"}), channel_ids=ids(first, second)
        )
        supplier = await make_client(db, kind=ClientKind.PARTNER, partner_id=partner.id)
    await give_token(database, shop.client.id, "ka_shop", ["orders:place"])
    await give_token(database, supplier.client.id, "ka_partner", ["stock:write"])
    of_shop, of_partner = await behind(database, "ka_shop"), await behind(database, "ka_partner")
    assert of_shop
    assert (of_shop.channel_ids, of_shop.partner_id) == (ids(first, second), None)
    assert of_partner
    assert (of_partner.channel_ids, of_partner.partner_id) == (None, partner.id)


async def test_a_revoked_client_is_out_with_its_tokens_for_good(database: Database) -> None:
    async with database.unit_of_work() as db:
        made = await make_client(db)
    await give_token(database, made.client.id, "ka_1", ["stock:read"])
    async with database.unit_of_work() as db:
        client = await queries.lock_api_client(db, made.client.id)
        await clients.revoke_api_client(db, client, now=NOW)
        await clients.revoke_api_client(db, client, now=NOW)
        with pytest.raises(ApiClientInactive):
            await clients.rotate_api_client_secret(db, client, now=NOW)
    assert await behind(database, "ka_1") is None
    assert await secrets_in_force(database, client.client_id, NOW) == set()


async def test_one_token_is_revoked_alone(database: Database) -> None:
    async with database.unit_of_work() as db:
        made = await make_client(db)
    for token in ("ka_1", "ka_2"):
        await give_token(database, made.client.id, token, ["stock:read"])
    async with database.unit_of_work() as db:
        await clients.revoke_access_token(db, secrets.digest("ka_1"), now=NOW)
    assert await behind(database, "ka_1") is None
    assert await behind(database, "ka_2") is not None


async def test_when_a_partnership_ends_its_people_and_machines_are_out(database: Database) -> None:
    async with database.unit_of_work() as db:
        partner, other = await make_partner(db), await make_partner(db)
        for item in (partner, other):
            await make_user(db, role=Role.DROPSHIPPER, partner_id=item.id, email=f"{item.id}@partner.example")
            await make_client(db, kind=ClientKind.PARTNER, partner_id=item.id)
    async with database.unit_of_work() as db:
        await clients.close_partner_access(db, partner.id, now=NOW)
    async with database.read_only() as db:
        users = await queries.list_users(db, PageRequest(), active=True)
        machines = await queries.list_api_clients(db, PageRequest(), active=True)
    assert [item.partner_id for item in users.items] == [other.id]
    assert [item.partner_id for item in machines.items] == [other.id]


async def test_use_is_noted_once_a_minute(database: Database) -> None:
    async with database.unit_of_work() as db:
        made = await make_client(db)
    for seconds, expected in ((0, 0), (59, 0), (60, 60)):
        async with database.unit_of_work() as db:
            await clients.note_used(db, made.client.id, now=NOW + timedelta(seconds=seconds))
            client = await queries.lock_api_client(db, made.client.id)
        assert client.last_used_at == NOW + timedelta(seconds=expected)
