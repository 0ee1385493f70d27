"""Authlib decides about token requests as the RFCs say."""

import base64
from dataclasses import replace

import pytest

from kontor.auth import oauth, secrets
from kontor.auth.oauth import Answer, TokenRequest
from kontor.auth.queries import KnownClient
from kontor.core.ids import new_id

URI = "https://kontor.example/oauth/token"
CLIENT = KnownClient(
    new_id(), "kc_shop", ("orders:place", "orders:read"), None, (secrets.digest("old"), secrets.digest("new"))
)


def basic(client_id: str = "kc_shop", secret: str = "new") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def ask(headers: dict[str, str], client: KnownClient | None = CLIENT, **form: str) -> Answer:
    given = {"grant_type": "client_credentials", **form}
    return oauth.answer_token_request(TokenRequest(URI, headers, given), client)


@pytest.mark.parametrize("secret", ["old", "new"])
def test_every_valid_secret_opens_by_basic_and_by_post(secret: str) -> None:
    for answer in (ask(basic(secret=secret)), ask({}, client_id="kc_shop", client_secret=secret)):
        assert answer.status == 200
        assert answer.issued == answer.body["access_token"]
        assert (answer.body["token_type"], answer.body["expires_in"]) == ("Bearer", 3600)
        assert answer.body["scope"] == "orders:place orders:read"
        assert "refresh_token" not in answer.body
        assert ("Cache-Control", "no-store") in answer.headers


def test_fewer_scopes_are_given_when_fewer_are_asked_for() -> None:
    answer = ask(basic(), scope="orders:read")
    assert (answer.body["scope"], answer.scopes) == ("orders:read", ["orders:read"])


@pytest.mark.parametrize("scope", ["orders:read users:write", "nothing", 'a"b'])
def test_more_scopes_than_granted_are_refused(scope: str) -> None:
    answer = ask(basic(), scope=scope)
    assert (answer.status, answer.body["error"], answer.issued) == (400, "invalid_scope", None)


@pytest.mark.parametrize(
    ("headers", "client"), [(basic(secret="wrong"), CLIENT), (basic("kc_nobody"), None), ({}, CLIENT), ({}, None)]
)
def test_wrong_and_unknown_read_the_same(headers: dict[str, str], client: KnownClient | None) -> None:
    answer = ask(headers, client)
    assert (answer.status, answer.body["error"], answer.issued) == (401, "invalid_client", None)
    assert answer.body == ask(basic(secret="wrong")).body
    assert any(name == "WWW-Authenticate" and value.startswith("Basic") for name, value in answer.headers)


def test_a_client_without_valid_secrets_gets_nothing() -> None:
    assert ask(basic(), replace(CLIENT, secret_hashes=())).status == 401


@pytest.mark.parametrize("grant", ["password", "authorization_code", "", "ä"])
def test_no_other_grant_is_known(grant: str) -> None:
    answer = ask(basic(), grant_type=grant)
    assert (answer.status, answer.body["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("value", ["Basic %%%", "Basic //79", "Basic", "Basic ", "Bearer abc", "ä"])
def test_credentials_that_cannot_be_read_are_refused(value: str) -> None:
    answer = ask({"authorization": value})
    assert answer.status in (400, 401)
    assert answer.issued is None


def test_two_ways_of_naming_oneself_at_once_are_refused() -> None:
    answer = ask(basic(), client_id="kc_shop", client_secret="new")
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_secrets_do_not_travel_over_plain_http() -> None:
    request = TokenRequest("http://kontor.example/oauth/token", basic(), {"grant_type": "client_credentials"})
    assert oauth.answer_token_request(request, CLIENT).body["error"] == "insecure_transport"


def test_who_asks_is_read_from_either_place() -> None:
    assert TokenRequest(URI, basic("kc_a"), {}).client_id == "kc_a"
    assert TokenRequest(URI, {}, {"client_id": "kc_b"}).client_id == "kc_b"
    assert TokenRequest(URI, {"Authorization": "Basic //79"}, {}).client_id == ""


def test_a_client_revokes_its_own_token_and_learns_nothing_of_others() -> None:
    request = TokenRequest(URI, basic(), {"token": "ka_1"})
    own = oauth.answer_revocation(request, CLIENT, own_token=True)
    other = oauth.answer_revocation(request, CLIENT, own_token=False)
    assert (own.status, own.body, own.revoked) == (200, {}, True)
    assert (other.status, other.body, other.revoked) == (200, {}, False)


def test_a_revocation_needs_a_client_and_a_token() -> None:
    assert oauth.answer_revocation(TokenRequest(URI, basic(), {}), CLIENT, own_token=False).status == 400
    stranger = oauth.answer_revocation(TokenRequest(URI, basic(), {"token": "ka_1"}), None, own_token=False)
    assert (stranger.status, stranger.revoked) == (401, False)
