"""Passwords and random secrets.

Passwords are guessable, so they are hashed slowly (Argon2id). Tokens and client secrets are 256 random bits, which
nobody guesses: one SHA-256 is enough, and a lookup by hash costs no more than any other lookup.
"""

import asyncio
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kontor.auth.errors import WeakPassword

MIN_LENGTH = 12
MAX_LENGTH = 200

_hasher = PasswordHasher()
# Each hash takes 64 MiB: two at a time, so that a storm of sign-ins cannot take the memory of the process.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


async def hash_password(password: str) -> str:
    """The Argon2id hash, computed beside the event loop; raises `WeakPassword`."""
    check_strength(password)
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(known_hash: str | None, password: str) -> bool:
    """Whether the password fits. Takes as long without a hash (unknown account) as with one."""
    if len(password) > MAX_LENGTH:
        return False
    return await asyncio.get_running_loop().run_in_executor(_threads, _fits, known_hash or _nobody(), password)


def needs_rehash(known_hash: str) -> bool:
    """Whether the hash was made with other parameters than those in force."""
    return _hasher.check_needs_rehash(known_hash)


def check_strength(password: str, *, email: str = "") -> None:
    """Raise `WeakPassword` when the password is too short, too long, monotonous or the email address."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword(
            f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.",
            path=("password",),
            min=MIN_LENGTH,
            max=MAX_LENGTH,
        )
    if len(set(password.lower())) < 5 or (email and password.lower() == email.lower()):
        raise WeakPassword("This password is too easily guessed.", path=("password",))


def new_secret(prefix: str) -> str:
    """256 random bits as text; the prefix lets scanners recognize a leaked one."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """How a random secret is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(known: str, given: str) -> bool:
    """Compare without telling by time where they differ."""
    return hmac.compare_digest(known.encode(), given.encode())


def _fits(known_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(known_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
