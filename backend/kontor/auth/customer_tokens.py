"""Signed tokens by which a customer of a headless shop acts: short-lived, for one customer in one channel.

The shop's client asks for one after it has signed the customer in itself. Nothing is stored: the signature proves the
token, and the client behind it is looked up at each use, so that revoking the client ends its customers' tokens.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from kontor.auth.errors import InvalidApiClient, InvalidToken, NoSigningKey
from kontor.settings import Settings

LIFE = timedelta(hours=1)
MAX_LIFE = timedelta(hours=24)
ISSUER = "kontor"
AUDIENCE = "kontor:customer"
ALGORITHM = "HS256"

# Serves where one process does everything and no key was set: tokens end with the process.
_process_key = secrets.token_hex(32)


@dataclass(frozen=True, slots=True)
class CustomerToken:
    """What a customer token says."""

    customer_id: UUID
    channel_id: UUID
    api_client_id: UUID
    expires_at: datetime


def issue(settings: Settings, token: CustomerToken, *, now: datetime) -> str:
    """Sign a token; raises `InvalidApiClient` when it would live longer than a day or is over already."""
    if not now < token.expires_at <= now + MAX_LIFE:
        raise InvalidApiClient("A customer token lives up to 24 hours.", code="INVALID_LIFETIME", path=("expiresIn",))
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(token.customer_id),
        "azp": str(token.api_client_id),
        "channel": str(token.channel_id),
        "iat": int(now.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    return jwt.encode({"alg": ALGORITHM}, claims, _key(settings), algorithms=[ALGORITHM])


def read(settings: Settings, text: str, *, now: datetime) -> CustomerToken:
    """What a token says; raises `InvalidToken` when it is forged, malformed or expired."""
    checks = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
    )
    try:
        claims = jwt.decode(text, _key(settings), algorithms=[ALGORITHM]).claims
        checks.validate(claims)
        return CustomerToken(
            UUID(claims["sub"]), UUID(claims["channel"]), UUID(claims["azp"]), _moment(claims["exp"], now)
        )
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise InvalidToken("The customer token is not valid or no longer so.") from problem


def looks_like_one(text: str) -> bool:
    """Whether a bearer token is a signed one rather than an opaque one."""
    return text.count(".") == 2


def _moment(seconds: int, now: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, tz=now.tzinfo)


def _key(settings: Settings) -> OctKey:
    secret = settings.secret_key
    if not secret:
        if not settings.embedded:
            raise NoSigningKey("KONTOR_SECRET_KEY is not set.")
        secret = _process_key
    # A key of its own for this purpose, whatever else the secret signs.
    return OctKey.import_key(hmac.new(secret.encode(), b"kontor customer token", hashlib.sha256).digest())
