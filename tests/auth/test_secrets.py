"""Passwords are hashed slowly and checked alike for known and unknown people."""

import pytest
from argon2 import PasswordHasher

from kontor.auth import secrets
from kontor.auth.errors import WeakPassword

GOOD = "correct horse battery"


@pytest.fixture(autouse=True)
def _as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_hasher", PasswordHasher())


async def test_a_password_fits_its_own_hash_only() -> None:
    known = await secrets.hash_password(GOOD)
    assert known.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await secrets.verify_password(known, GOOD)
    assert not await secrets.verify_password(known, GOOD + "!")


async def test_nobody_is_checked_against_a_hash_that_nothing_fits() -> None:
    assert not await secrets.verify_password(None, GOOD)
    assert not await secrets.verify_password("not a hash", GOOD)


async def test_a_password_of_no_possible_length_is_refused_without_hashing() -> None:
    assert not await secrets.verify_password(None, "x" * 201)


async def test_a_text_that_cannot_be_encoded_fits_nothing() -> None:
    assert not await secrets.verify_password(None, "\ud800" * 12)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "ababababababab", "x" * 201, "anna@example.com"])
def test_weak_passwords_are_refused_naming_the_field(password: str) -> None:
    with pytest.raises(WeakPassword) as refusal:
        secrets.check_strength(password, email="Anna@example.com")
    assert refusal.value.path == ("password",)


def test_a_hash_of_older_parameters_is_to_be_made_anew() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    assert secrets.needs_rehash(old)


def test_secrets_carry_256_bits_and_never_repeat() -> None:
    made = {secrets.new_secret("kcs") for _ in range(100)}
    assert len(made) == 100
    assert all(item.startswith("kcs_") and len(item) == 47 for item in made)


def test_secrets_are_stored_as_their_digest() -> None:
    assert secrets.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
