"""A customer token says who, where and how long, and cannot be forged."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from kontor.auth import customer_tokens
from kontor.auth.customer_tokens import CustomerToken
from kontor.auth.errors import InvalidApiClient, InvalidToken, NoSigningKey
from kontor.core.ids import new_id
from kontor.settings import Settings

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
SETTINGS = Settings(secret_key="a" * 32)
TOKEN = CustomerToken(new_id(), new_id(), new_id(), NOW + timedelta(hours=1))


def test_what_was_issued_is_read_back() -> None:
    assert customer_tokens.read(SETTINGS, customer_tokens.issue(SETTINGS, TOKEN, now=NOW), now=NOW) == TOKEN


def test_it_ends() -> None:
    text = customer_tokens.issue(SETTINGS, TOKEN, now=NOW)
    with pytest.raises(InvalidToken):
        customer_tokens.read(SETTINGS, text, now=NOW + timedelta(hours=1, seconds=1))


@pytest.mark.parametrize("life", [timedelta(0), timedelta(seconds=-1), timedelta(hours=24, seconds=1)])
def test_it_lives_a_day_at_most(life: timedelta) -> None:
    with pytest.raises(InvalidApiClient) as refusal:
        customer_tokens.issue(SETTINGS, replace(TOKEN, expires_at=NOW + life), now=NOW)
    assert (refusal.value.code, refusal.value.path) == ("INVALID_LIFETIME", ("expiresIn",))


def test_another_key_does_not_sign_for_us() -> None:
    text = customer_tokens.issue(Settings(secret_key="b" * 32), TOKEN, now=NOW)
    with pytest.raises(InvalidToken):
        customer_tokens.read(SETTINGS, text, now=NOW)


def test_the_secret_key_itself_signs_no_customer_tokens() -> None:
    claims = {
        "iss": "kontor", "aud": "kontor:customer", "sub": str(new_id()), "azp": str(new_id()),
        "channel": str(new_id()), "exp": int(NOW.timestamp()) + 60,
    }  # fmt: skip
    text = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(b"a" * 32))
    with pytest.raises(InvalidToken):
        customer_tokens.read(SETTINGS, text, now=NOW)


def test_an_unsigned_token_is_refused() -> None:
    head, body, _ = customer_tokens.issue(SETTINGS, TOKEN, now=NOW).split(".")
    plain = base64.urlsafe_b64encode(orjson.dumps({"alg": "none", "typ": "JWT"})).decode().rstrip("=")
    for text in (f"{plain}.{body}.", f"{head}.{body}."):
        with pytest.raises(InvalidToken):
            customer_tokens.read(SETTINGS, text, now=NOW)


@pytest.mark.parametrize("text", ["", "..", "a.b.c", "ä.ö.ü", "eyJhbGciOiJIUzI1NiJ9.bnVsbA.x"])
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        customer_tokens.read(SETTINGS, text, now=NOW)


def test_several_processes_need_a_key_in_common() -> None:
    with pytest.raises(NoSigningKey):
        customer_tokens.issue(Settings(redis_url="redis://localhost:6379"), TOKEN, now=NOW)


def test_a_single_process_signs_with_a_key_of_its_own() -> None:
    alone = Settings()
    assert customer_tokens.read(alone, customer_tokens.issue(alone, TOKEN, now=NOW), now=NOW) == TOKEN
