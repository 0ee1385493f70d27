"""Signing in and out by cookie, and telling who calls."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from starlette.applications import Starlette

from factories.auth import PASSWORD, ids, make_client, make_session, make_user
from factories.channels import make_channel
from factories.customers import make_customer
from kontor.api.http import oauth, session
from kontor.api.http.session import authenticate, gate
from kontor.auth import clients, customer_tokens, queries, secrets, service
from kontor.auth import jobs as _auth_jobs  # noqa: F401 - declares the hourly job
from kontor.auth.customer_tokens import CustomerToken
from kontor.auth.errors import InvalidToken, SignInRefused, TooManyAttempts
from kontor.auth.models import ApiClient, User, UserSession
from kontor.auth.permissions import ClientKind, Role
from kontor.core.clock import wall
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import ANONYMOUS, PrincipalKind
from support import Run

EMAIL = "anna@kontor.example"


@pytest.fixture
def http(runtime: Runtime, run: Run) -> Iterator[httpx.AsyncClient]:
    """The two modules' routes over the runtime."""
    app = Starlette(routes=[*session.routes, *oauth.routes])
    app.state.runtime = runtime
    caller = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000")
    yield caller
    run(caller.aclose())


async def add_user(runtime: Runtime, **given: Any) -> User:
    async with runtime.database.unit_of_work() as db:
        return await make_user(db, **({"email": EMAIL, "name": "Anna"} | given))


async def try_in(http: httpx.AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> httpx.Response:
    return await http.post("/auth/sign-in", json={"email": email, "password": password})


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read(runtime: Runtime, http: httpx.AsyncClient) -> None:
    await add_user(runtime)
    answer = await try_in(http, "ANNA@kontor.example")
    assert answer.status_code == 200
    assert (answer.json()["email"], answer.json()["role"], answer.json()["locationIds"]) == (EMAIL, "ADMIN", None)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("kontor=ks_")
    for part in ("HttpOnly", "Path=/", "SameSite=lax", "Max-Age=57600"):
        assert part in cookie
    assert "Secure" not in cookie
    assert answer.headers["cache-control"] == "no-store"
    me = await http.get("/auth/me")
    assert (me.status_code, me.json()["name"], me.json()["kind"]) == (200, "Anna", "USER")


async def test_wrong_password_unknown_and_closed_accounts_read_the_same(
    runtime: Runtime, http: httpx.AsyncClient
) -> None:
    await add_user(runtime)
    closed = await add_user(runtime, email="closed@kontor.example", active=False)
    answers = [
        await try_in(http, password="wrong"),
        await try_in(http, "nobody@kontor.example"),
        await try_in(http, closed.email),
        await try_in(http, "an\x00na@kontor.example"),
    ]
    assert {item.status_code for item in answers} == {401}
    assert len({item.text for item in answers}) == 1
    assert answers[0].json() == {
        "errors": [{"code": "SIGN_IN_REFUSED", "message": "Email address or password is wrong.", "path": []}]
    }
    assert "set-cookie" not in answers[0].headers


async def test_wrong_passwords_are_counted_until_the_right_one(runtime: Runtime, http: httpx.AsyncClient) -> None:
    user = await add_user(runtime)
    for _ in range(2):
        await try_in(http, password="wrong")
    async with runtime.database.read_only() as db:
        assert (await queries.get_user(db, user.id)).failed_attempts == 2
    await try_in(http)
    async with runtime.database.read_only() as db:
        assert (await queries.get_user(db, user.id)).failed_attempts == 0


async def test_guessing_is_stopped_and_told_when_to_come_back(runtime: Runtime, http: httpx.AsyncClient) -> None:
    for _ in range(10):
        assert (await try_in(http, password="wrong")).status_code == 401
    answer = await try_in(http)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "TOO_MANY_ATTEMPTS")
    assert 1 <= int(answer.headers["retry-after"]) <= 900


async def test_from_another_address_the_account_is_still_open(runtime: Runtime) -> None:
    await add_user(runtime)
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await session.sign_in(runtime, EMAIL, "wrong", address="10.0.0.1", user_agent="")
    with pytest.raises(TooManyAttempts):
        await session.sign_in(runtime, EMAIL, PASSWORD, address="10.0.0.1", user_agent="")
    assert (await session.sign_in(runtime, EMAIL, PASSWORD, address="10.0.0.2", user_agent=""))[0].email == EMAIL


async def test_a_hash_of_older_parameters_is_renewed(runtime: Runtime, http: httpx.AsyncClient) -> None:
    user = await add_user(runtime)
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    async with runtime.database.unit_of_work() as db:
        (await queries.lock_user(db, user.id)).password_hash = old
    assert (await try_in(http)).status_code == 200
    async with runtime.database.read_only() as db:
        assert not secrets.needs_rehash((await queries.get_user(db, user.id)).password_hash)
    assert (await try_in(http)).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "code", "path"),
    [
        (b"{", "application/json", "INVALID_BODY", []),
        (b"[]", "application/json", "REQUIRED", ["email"]),
        (b'{"email": "a"}', "application/json", "REQUIRED", ["password"]),
        (b'{"email": 1, "password": "x"}', "application/json", "REQUIRED", ["email"]),
        (b'{"email": "a", "password": "x"}', "text/plain", "INVALID_BODY", []),
        (b" " * 10_001, "application/json", "INVALID_BODY", []),
        (b"\xff\xfe", "application/json", "INVALID_BODY", []),
    ],
)
async def test_what_cannot_be_read_is_refused(
    http: httpx.AsyncClient, body: bytes, kind: str, code: str, path: list[str]
) -> None:
    answer = await http.post("/auth/sign-in", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert (answer.json()["errors"][0]["code"], answer.json()["errors"][0]["path"]) == (code, path)


async def test_signing_out_ends_the_session_at_once(runtime: Runtime, http: httpx.AsyncClient) -> None:
    await add_user(runtime)
    token = (await try_in(http)).cookies["kontor"]
    assert (await http.get("/auth/me")).status_code == 200
    answer = await http.post("/auth/sign-out")
    assert answer.status_code == 204
    assert 'kontor="";' in answer.headers["set-cookie"]
    assert await authenticate({"cookie": f"kontor={token}"}, runtime) is ANONYMOUS
    assert (await http.get("/auth/me")).json()["errors"][0]["code"] == "UNAUTHENTICATED"
    assert (await http.post("/auth/sign-out")).status_code == 204


async def test_without_anything_the_caller_is_anonymous(runtime: Runtime) -> None:
    for headers in ({}, {"cookie": "kontor=ks_unknown"}, {"cookie": "other=1"}, {"authorization": "Basic eDp5"}):
        assert await authenticate(headers, runtime) is ANONYMOUS


@pytest.mark.parametrize("token", ["ka_unknown", "", "a.b.c", "\x00", "ä"])
async def test_a_bearer_token_that_is_none_is_refused(runtime: Runtime, token: str) -> None:
    with pytest.raises(InvalidToken):
        await authenticate({"authorization": f"Bearer {token}"}, runtime)


async def test_a_foreign_page_cannot_use_the_cookie(runtime: Runtime) -> None:
    person = await make_session(runtime.database)
    cookie = {"cookie": f"kontor={person.token}"}
    ours = {**cookie, "origin": "http://127.0.0.1:8000"}
    same_host = {**cookie, "origin": "http://localhost:9", "host": "localhost:9"}
    foreign = {**cookie, "origin": "http://evil.example", "host": "127.0.0.1:8000"}
    kinds = [(await authenticate(item, runtime)).kind for item in (cookie, ours, same_host, foreign)]
    assert kinds == [PrincipalKind.USER, PrincipalKind.USER, PrincipalKind.USER, PrincipalKind.ANONYMOUS]


async def test_over_https_the_cookie_is_bound_to_the_host(runtime: Runtime) -> None:
    from dataclasses import replace

    secure = replace(runtime.settings, base_url="https://kontor.example")
    assert (session.cookie_name(secure), session.is_secure(secure)) == ("__Host-kontor", True)
    assert session.session_token({"cookie": "kontor=ks_1"}, secure) is None
    assert session.session_token({"cookie": "__Host-kontor=ks_1"}, secure) == "ks_1"


async def test_a_thousand_requests_are_one_look_up(runtime: Runtime) -> None:
    person = await make_session(runtime.database)
    statements: list[str] = []
    sa.event.listen(
        runtime.database.engine.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2])
    )
    for _ in range(1000):
        await authenticate({"cookie": f"kontor={person.token}"}, runtime)
    assert len([text for text in statements if "user_session" in text]) == 1


async def test_an_idle_session_is_noted_as_seen(runtime: Runtime) -> None:
    started = wall() - timedelta(minutes=2)
    person = await make_session(runtime.database, now=started)
    await authenticate({"cookie": f"kontor={person.token}"}, runtime)
    async with runtime.database.read_only() as db:
        seen = await db.scalar(sa.select(UserSession.last_seen_at))
    assert seen is not None
    assert seen > started + timedelta(minutes=1)


async def test_an_access_token_acts_as_its_client_until_it_is_revoked(runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as db:
        made = await make_client(db)
        clients.save_access_token(
            db, made.client.id, "ka_1", scopes=["stock:read"], now=wall(), expires_at=wall() + timedelta(hours=1)
        )
    headers = {"authorization": "Bearer ka_1"}
    principal = await authenticate(headers, runtime)
    assert (principal.kind, principal.id, principal.permissions) == (
        PrincipalKind.CLIENT,
        made.client.id,
        frozenset({"stock:read"}),
    )
    async with runtime.database.unit_of_work() as db:
        assert await db.scalar(sa.select(ApiClient.last_used_at)) is not None
        await clients.revoke_api_client(db, await queries.lock_api_client(db, made.client.id), now=wall())
    gate(runtime).cache.clear()
    with pytest.raises(InvalidToken):
        await authenticate(headers, runtime)


async def test_a_customer_token_reaches_one_customer_in_one_channel(runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as db:
        channel, other = await make_channel(db), await make_channel(db)
        scopes = frozenset({"orders:read", "orders:place", "customer_tokens:write"})
        shop = await make_client(db, kind=ClientKind.SHOP, scopes=scopes, channel_ids=ids(channel))
        customer = (await make_customer(db)).id

    def headers(channel_id: Any) -> dict[str, str]:
        said = CustomerToken(customer, channel_id, shop.client.id, wall() + timedelta(hours=1))
        return {"authorization": "Bearer " + customer_tokens.issue(runtime.settings, said, now=wall())}

    principal = await authenticate(headers(channel.id), runtime)
    assert (principal.kind, principal.customer_id) == (PrincipalKind.CUSTOMER, customer)
    assert (principal.permissions, principal.channel_ids) == (frozenset({"orders:read"}), ids(channel))
    with pytest.raises(InvalidToken):
        await authenticate(headers(other.id), runtime)


async def test_revoking_the_shop_ends_its_customers_tokens(runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as db:
        channel = await make_channel(db)
        shop = await make_client(db, kind=ClientKind.SHOP, scopes=frozenset({"orders:read"}), channel_ids=ids(channel))
        await clients.revoke_api_client(db, shop.client, now=wall())
    said = CustomerToken(new_id(), channel.id, shop.client.id, wall() + timedelta(hours=1))
    token = customer_tokens.issue(runtime.settings, said, now=wall())
    with pytest.raises(InvalidToken):
        await authenticate({"authorization": f"Bearer {token}"}, runtime)


async def test_me_tells_a_machine_that_its_token_is_over(http: httpx.AsyncClient) -> None:
    answer = await http.get("/auth/me", headers={"authorization": "Bearer ka_old"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')


async def test_what_is_over_is_deleted_by_the_hourly_job(runtime: Runtime) -> None:
    from kontor import bootstrap
    from kontor.core import jobs, outbox

    bootstrap.load()
    long_ago = wall() - timedelta(days=1)
    await make_session(runtime.database, now=long_ago, role=Role.FINANCE)
    async with runtime.database.unit_of_work() as db:
        outbox.schedule(db, "auth.forget_expired", {})
    async with runtime.database.unit_of_work() as db:
        due = await outbox.lease_due(db)
    await jobs.run(runtime, "auth.forget_expired", [item.id for item in due])
    async with runtime.database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 0
    assert timedelta(days=1) > service.SESSION_LIFE
