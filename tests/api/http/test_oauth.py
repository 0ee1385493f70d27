"""The OAuth endpoints over HTTP: a token is issued, used and revoked."""

import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from factories.auth import make_client
from kontor.api.http import oauth, session
from kontor.api.http.session import authenticate
from kontor.auth.clients import NewSecret
from kontor.auth.errors import InvalidToken
from kontor.core.jobs import Runtime
from support import Run


@pytest.fixture
def http(runtime: Runtime, run: Run) -> Iterator[httpx.AsyncClient]:
    """The two modules' routes over the runtime."""
    app = Starlette(routes=[*session.routes, *oauth.routes])
    app.state.runtime = runtime
    caller = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000")
    yield caller
    run(caller.aclose())


async def add_client(runtime: Runtime) -> NewSecret:
    async with runtime.database.unit_of_work() as db:
        return await make_client(db)


async def ask(http: httpx.AsyncClient, made: NewSecret, **form: str) -> httpx.Response:
    return await http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", **form},
        auth=(made.client.client_id, made.secret),
    )


async def test_a_token_is_issued_used_and_revoked(runtime: Runtime, http: httpx.AsyncClient) -> None:
    made = await add_client(runtime)
    answer = await ask(http, made, scope="stock:read")
    assert answer.status_code == 200
    token = answer.json().pop("access_token")
    assert {key: value for key, value in answer.json().items() if key != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "stock:read",
    }
    assert answer.headers["cache-control"] == "no-store"
    bearer = {"authorization": f"Bearer {token}"}
    assert (await authenticate(bearer, runtime)).permissions == {"stock:read"}
    credentials = (made.client.client_id, made.secret)
    revoked = await http.post("/oauth/revoke", data={"token": token}, auth=credentials)
    assert (revoked.status_code, revoked.json()) == (200, {})
    with pytest.raises(InvalidToken):
        await authenticate(bearer, runtime)


async def test_credentials_may_come_in_the_form(runtime: Runtime, http: httpx.AsyncClient) -> None:
    made = await add_client(runtime)
    form = {
        "grant_type": "client_credentials",
        "client_id": made.client.client_id,
        "client_secret": made.secret,
    }
    answer = await http.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["scope"]) == (200, "stock:read stock:write")


async def test_a_wrong_secret_is_refused_as_the_rfc_says(runtime: Runtime, http: httpx.AsyncClient) -> None:
    made = await add_client(runtime)
    answer = await ask(http, NewSecret(made.client, "kcs_wrong"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_another_clients_token_is_not_revoked(runtime: Runtime, http: httpx.AsyncClient) -> None:
    made, other = await add_client(runtime), await add_client(runtime)
    token = (await ask(http, made)).json()["access_token"]
    answer = await http.post("/oauth/revoke", data={"token": token}, auth=(other.client.client_id, other.secret))
    assert answer.status_code == 200
    assert (await authenticate({"authorization": f"Bearer {token}"}, runtime)).id == made.client.id


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"grant_type=client_credentials", "application/json"),
        (b"grant_type=client_credentials&grant_type=client_credentials", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 10_001, "application/x-www-form-urlencoded"),
        (b"\xff=\xff", "application/x-www-form-urlencoded"),
        (b"&".join(b"f%d=1" % number for number in range(30)), "application/x-www-form-urlencoded"),
    ],
)
async def test_what_is_no_form_is_refused(http: httpx.AsyncClient, body: bytes, kind: str) -> None:
    for path in ("/oauth/token", "/oauth/revoke"):
        answer = await http.post(path, content=body, headers={"content-type": kind})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_client_id_no_database_takes_is_unknown(http: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "kc_\x00", "client_secret": "x"}
    assert (await http.post("/oauth/token", data=form)).json()["error"] == "invalid_client"


@pytest.mark.engine("sqlite")
async def test_guessing_secrets_is_stopped(
    runtime: Runtime, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time()
    monkeypatch.setattr(time, "time", lambda: began)  # the window must not pass while the test goes on
    made = NewSecret((await add_client(runtime)).client, "kcs_wrong")
    codes = [(await ask(http, made)).status_code for _ in range(61)]
    assert codes == [401] * 60 + [429]
    answer = await ask(http, made)
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
