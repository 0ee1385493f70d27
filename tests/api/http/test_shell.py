"""What comes before any route answers with a code, whatever is away or sent."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from kontor.api.graphql.endpoint import MAX_QUERY
from kontor.api.http.session import cookie_name
from kontor.app import create_app
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from support import Client, Run

pytestmark = pytest.mark.engine("sqlite")


@pytest.fixture
def without_database(runtime: Runtime, run: Run) -> Iterator[httpx.AsyncClient]:
    """The application over a database that nobody answers for."""
    away = Runtime(Database("postgresql+asyncpg://kontor@127.0.0.1:1/kontor"), runtime.ports, runtime.settings)
    transport = httpx.ASGITransport(app=create_app(runtime.settings, runtime=away))
    caller = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
    yield caller
    run(caller.aclose())
    run(away.database.close())


async def test_database_that_is_away_is_no_error_of_ours(runtime: Runtime, without_database: httpx.AsyncClient) -> None:
    for headers in ({"authorization": "Bearer kat_unknown"}, {"cookie": f"{cookie_name(runtime.settings)}=unknown"}):
        answer = await without_database.post("/graphql", json={"query": "{ version }"}, headers=headers)
        assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (503, ["UNAVAILABLE"])


async def test_origin_that_is_no_address_is_foreign(client: Client) -> None:
    headers = {"origin": "http://[", "cookie": "kontor_session=x"}
    answer = await client.http.post("/graphql", json={"query": "{ version }"}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "FOREIGN_ORIGIN")


async def test_query_has_a_length(client: Client) -> None:
    query = "{ version # " + "x" * MAX_QUERY + "\n }"
    answer = await client.http.post("/graphql", json={"query": query})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "QUERY_TOO_LONG")


async def test_nul_is_found_however_deep(client: Client) -> None:
    value: object = "\0"
    for _ in range(900):
        value = [value]
    answer = await client.http.post("/graphql", json={"query": "{ version }", "variables": {"deep": value}})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize(
    ("method", "path", "headers", "message"),
    [
        ("GET", "/auth/me", {}, "Bitte anmelden."),
        ("POST", "/auth/sign-in", {"content-type": "text/plain"}, "Der Inhalt der Anfrage ist kein lesbares JSON."),
        (
            "GET",
            "/auth/me",
            {"authorization": "Bearer kat_x"},
            "Der Zugangsschlüssel ist unbekannt, abgelaufen oder widerrufen.",
        ),
        (
            "POST",
            "/graphql",
            {"origin": "https://evil.example", "cookie": "kontor_session=x"},
            "Eine andere Website darf mit dieser Anmeldung nichts tun.",
        ),
        ("GET", "/files/documents/1", {}, "Bitte anmelden."),
        ("POST", "/webhooks/payments", {}, "Die Unterschrift der Meldung ist ungültig."),
    ],
)
async def test_refusals_are_in_the_language_asked_for(
    client: Client, method: str, path: str, headers: dict[str, str], message: str
) -> None:
    answers = []
    for language in ("de-CH, en;q=0.5", "fr"):
        answers.append(await client.http.request(method, path, headers={"accept-language": language, **headers}))
    german, english = [answer.json()["errors"][0] for answer in answers]
    assert (german["message"], answers[0].headers["vary"]) == (message, "accept-language")
    assert english["message"] != message
    assert english["code"] == german["code"]
