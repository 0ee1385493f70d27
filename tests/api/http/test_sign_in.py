"""Signing in on a page, without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from factories.auth import PASSWORD, make_user
from kontor.api.http.sign_in import way_back
from kontor.app import create_app
from kontor.core.jobs import Runtime
from support import Run

HERE = "http://127.0.0.1:8000"
EMAIL = "anna@kontor.example"


@pytest.fixture
def http(runtime: Runtime, run: Run) -> Iterator[httpx.AsyncClient]:
    app: Starlette = create_app(runtime.settings, runtime=runtime)
    caller = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HERE)
    yield caller
    run(caller.aclose())


async def enter(
    http: httpx.AsyncClient, *, password: str = PASSWORD, back: str = "/documents", origin: str | None = HERE
) -> httpx.Response:
    headers = {"origin": origin} if origin else {}
    return await http.post("/sign-in", data={"email": EMAIL, "password": password, "next": back}, headers=headers)


async def test_signing_in_leads_back_and_signing_out_ends_it(runtime: Runtime, http: httpx.AsyncClient) -> None:
    async with runtime.database.unit_of_work() as db:
        await make_user(db, email=EMAIL, name="Anna")
    refused = await http.get("/documents")
    assert refused.status_code == 401
    assert 'href="/sign-in?next=/documents"' in refused.text
    answer = await enter(http)
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert (await http.get("/documents")).status_code == 200
    assert "You are signed in as Anna." in (await http.get("/sign-in")).text
    assert (await http.post("/sign-out", headers={"origin": HERE})).headers["location"] == "/sign-in"
    assert (await http.get("/documents")).status_code == 401


async def test_wrong_password_is_told_and_the_email_kept(runtime: Runtime, http: httpx.AsyncClient) -> None:
    async with runtime.database.unit_of_work() as db:
        await make_user(db, email=EMAIL, name="Anna")
    answer = await enter(http, password="wrong-password")
    assert answer.status_code == 401
    assert "Email or password is wrong" in answer.text
    assert f'value="{EMAIL}"' in answer.text
    assert "wrong-password" not in answer.text


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("origin", ["https://evil.example", None])
async def test_form_of_another_page_signs_nobody_in(
    runtime: Runtime, http: httpx.AsyncClient, origin: str | None
) -> None:
    async with runtime.database.unit_of_work() as db:
        await make_user(db, email=EMAIL, name="Anna")
    answer = await enter(http, origin=origin)
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


@pytest.mark.engine("sqlite")
async def test_form_that_is_no_form_is_refused(http: httpx.AsyncClient) -> None:
    for body in (b"\xff\xfe", b"a=" + b"x" * 20_000, b"&".join(b"a=1" for _ in range(50))):
        answer = await http.post("/sign-in", content=body, headers={"origin": HERE})
        assert answer.status_code == 401, body[:20]


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/documents?kind=INVOICE", "/documents?kind=INVOICE"),
        (None, "/"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
    ],
)
def test_the_way_back_stays_here(wanted: str | None, led_to: str) -> None:
    assert way_back(wanted) == led_to
