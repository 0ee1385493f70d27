"""Signing in with the company, against a provider that signs for real."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from joserfc.jwk import RSAKey

from auth.provider import CLIENT, SECRET, Provider
from factories.auth import make_user
from factories.partners import make_partner
from kontor.adapters.openid import HttpOpenIdProvider
from kontor.api.http.openid import CALLBACK
from kontor.app import create_app
from kontor.auth.errors import InvalidIdentityProvider, ProviderAway
from kontor.auth.models import IdentityProvider, UserIdentity
from kontor.auth.openid import ProviderInput, save_provider
from kontor.auth.permissions import Role
from kontor.auth.ports import OpenIdProvider
from kontor.core.clock import wall
from kontor.core.jobs import Runtime

EMAIL = "kim@nordlicht.example"
pytestmark = pytest.mark.engine("sqlite")


@pytest.fixture
def provider(runner: asyncio.Runner) -> Iterator[Provider]:
    made = Provider(claims={"sub": "kim-1", "email": EMAIL, "email_verified": True})

    async def begin() -> Any:
        return made.serve()

    server, task = runner.run(begin())
    yield made
    server.should_exit = True
    runner.run(asyncio.wait_for(task, 10))


@pytest.fixture
def http(runtime: Runtime, runner: asyncio.Runner) -> Iterator[httpx.AsyncClient]:
    runtime.ports.register(OpenIdProvider, HttpOpenIdProvider(allow_private=True))
    app = create_app(runtime.settings, runtime=runtime)
    caller = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=runtime.settings.base_url)
    yield caller
    runner.run(caller.aclose())


async def set_up(runtime: Runtime, provider: Provider, **given: Any) -> IdentityProvider:
    """Kim of a partner that has the provider for its domain."""
    async with runtime.database.unit_of_work() as db:
        partner = await make_partner(db)
        await make_user(db, email=EMAIL, role=Role.DROPSHIPPER, partner_id=partner.id)
        values = ProviderInput("Nordlicht", provider.issuer, CLIENT, SECRET, ("nordlicht.example",))
        return await save_provider(
            db, replace(values, **given), partner_id=partner.id, provider_id=None, now=wall(), plain_http=True
        )  # fmt: skip


async def there_and_back(http: httpx.AsyncClient, row: IdentityProvider, **changes: str) -> httpx.Response:
    """Follow the way to the provider's page and back, as a browser does."""
    away = await http.get(f"/auth/openid/{row.id}", params={"next": "/portal/stock"})
    if "refused" in away.headers["location"]:
        return away
    async with httpx.AsyncClient() as browser:
        back = await browser.get(away.headers["location"])
    given = {name: values[0] for name, values in parse_qs(urlsplit(back.headers["location"]).query).items()}
    return await http.get(CALLBACK, params=given | changes)


async def refused(http: httpx.AsyncClient, row: IdentityProvider, **changes: str) -> str:
    answer = await there_and_back(http, row, **changes)
    assert answer.status_code == 303
    assert "kontor=" not in answer.headers.get("set-cookie", "")
    return parse_qs(urlsplit(answer.headers["location"]).query)["refused"][0]


async def test_whom_the_company_vouches_for_is_signed_in_and_known_from_then_on(
    runtime: Runtime, provider: Provider, http: httpx.AsyncClient
) -> None:
    row = await set_up(runtime, provider)
    listed = (await http.get("/auth/openid")).json()
    assert listed == {"providers": [{"id": str(row.id), "name": "Nordlicht"}]}
    answer = await there_and_back(http, row)
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/stock")
    assert (await http.get("/auth/me")).json()["email"] == EMAIL
    provider.claims = {"sub": "kim-1"}  # the address may change or be gone: the subject stays
    http.cookies.clear()
    assert (await there_and_back(http, row)).headers["location"] == "/portal/stock"
    assert provider.asked == ["document", "keys"]  # both are kept
    async with runtime.database.read_only() as db:
        assert list(await db.scalars(sa.select(UserIdentity.subject))) == ["kim-1"]


async def test_nobody_else_is_let_in_and_the_page_is_told_why(
    runtime: Runtime, provider: Provider, http: httpx.AsyncClient
) -> None:
    row = await set_up(runtime, provider)
    async with runtime.database.unit_of_work() as db:
        await make_user(db, email="admin@nordlicht.example")  # of the retailer: a partner's provider has no say
    right = dict(provider.claims)
    for claims, word in (
        ({"email_verified": False}, "unverified"),
        ({"email": "kim@elsewhere.example"}, "domain"),
        ({"email": "nobody@nordlicht.example"}, "unknown"),
        ({"email": "admin@nordlicht.example"}, "unknown"),
        ({"nonce": "another"}, "invalid"),
        ({"aud": "another"}, "invalid"),
        ({"iss": "https://another.example"}, "invalid"),
        ({"exp": 1}, "invalid"),
        ({"at_hash": "AAAA"}, "invalid"),
    ):
        provider.claims = right | claims
        assert await refused(http, row) == word, claims
    provider.claims = right
    assert await refused(http, row, state="another") == "over"
    assert await refused(http, row, error="access_denied") == "denied"
    assert await refused(http, row, iss="https://another.example") == "invalid"
    provider.signed_by = RSAKey.generate_key(2048, {"kid": "one"})
    assert await refused(http, row) == "invalid"
    provider.signed_by = None
    assert (await there_and_back(http, row)).headers["location"] == "/portal/stock"


async def test_a_provider_whose_name_ends_with_a_slash_is_taken_at_its_word(
    runtime: Runtime, provider: Provider, http: httpx.AsyncClient
) -> None:
    provider.ending = "/"
    row = await set_up(runtime, provider, issuer=f"{provider.issuer}/")
    assert (await there_and_back(http, row)).headers["location"] == "/portal/stock"
    provider.claims |= {"iss": provider.issuer}
    assert await refused(http, row) == "invalid"


async def test_who_was_known_by_a_provider_is_unknown_to_the_next_one(
    runtime: Runtime, provider: Provider, http: httpx.AsyncClient
) -> None:
    row = await set_up(runtime, provider)
    await there_and_back(http, row)
    async with runtime.database.unit_of_work() as db:
        moved = ProviderInput("Nordlicht", "https://id.nordlicht.example", CLIENT)
        await save_provider(db, moved, partner_id=row.partner_id, provider_id=row.id, now=wall())
        assert await db.scalar(sa.select(UserIdentity.id)) is None


async def test_an_answer_counts_once_and_for_the_browser_that_asked(
    runtime: Runtime, provider: Provider, http: httpx.AsyncClient
) -> None:
    row = await set_up(runtime, provider)
    away = await http.get(f"/auth/openid/{row.id}")
    async with httpx.AsyncClient() as browser:
        back = (await browser.get(away.headers["location"])).headers["location"]
    path = back.removeprefix(runtime.settings.base_url)
    kept = http.cookies
    http.cookies = httpx.Cookies()
    assert (await http.get(path)).headers["location"].endswith("over")  # a link somebody was sent
    http.cookies = kept
    assert (await http.get(path)).headers["location"] == "/"
    assert (await http.get(path)).headers["location"].endswith("over")


async def test_a_provider_that_is_away_or_inside_the_house_is_not_asked(
    runtime: Runtime, provider: Provider, http: httpx.AsyncClient
) -> None:
    row = await set_up(runtime, provider)
    provider.status = 500
    assert await refused(http, row) == "away"
    with pytest.raises(ProviderAway):
        await HttpOpenIdProvider().discover(provider.issuer)  # an inward address
    with pytest.raises(InvalidIdentityProvider) as problem:
        async with runtime.database.unit_of_work() as db:
            await save_provider(
                db, ProviderInput("N", provider.issuer, CLIENT, SECRET), partner_id=None, provider_id=None, now=wall()
            )  # fmt: skip
    assert problem.value.path == ("issuer",)
