"""Signing in with the company's OpenID Connect: authorization code with PKCE, state and nonce.

A provider vouches for its own people alone: that of a partner for those of the partner, that of the installation for
those of nobody else. People are known by the provider's `sub`; before there is one, by a verified mail address of a
domain the provider may vouch for.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import sqlalchemy as sa
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kontor.auth import queries
from kontor.auth.errors import IdentityProviderNotFound, IdentityRefused, InvalidIdentityProvider
from kontor.auth.models import IdentityProvider, User, UserIdentity
from kontor.core.db import Session
from kontor.core.ids import new_id

# Never `none`, and never a shared secret: whoever reads the provider's public keys could sign with one.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
LEEWAY = 60  # seconds that clocks may differ
SCOPES = "openid email profile"


@dataclass(frozen=True, slots=True)
class Redirection:
    """Where the browser is sent, and what is remembered until it comes back."""

    url: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class ProviderInput:
    """A provider as an administrator describes it; without a secret the present one stays."""

    name: str
    issuer: str
    client_id: str
    client_secret: str | None = None
    domains: tuple[str, ...] = ()
    active: bool = True


def redirection(document: Mapping[str, Any], client_id: str, *, redirect_uri: str, state: str) -> Redirection:
    """The address of the provider's page, with a fresh nonce and code verifier."""
    nonce, verifier = generate_token(32), generate_token(48)
    asked = {
        "response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri, "scope": SCOPES, "state": state,
        "nonce": nonce, "code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    page = str(document["authorization_endpoint"])
    return Redirection(f"{page}{'&' if urlsplit(page).query else '?'}{urlencode(asked)}", nonce, verifier)


def read_id_token(
    tokens: Mapping[str, Any], keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """What the provider says of the person; raises `IdentityRefused`, code IDENTITY_TOKEN_INVALID.

    Signature, issuer, audience, time and nonce are checked, and the hash of the access token where there is one
    (OpenID Connect Core 3.1.3.7, 3.1.3.8).
    """
    checks = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()), leeway=LEEWAY, iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id}, exp={"essential": True}, iat={"essential": True},
        sub={"essential": True}, nonce={"essential": True, "value": nonce},
    )  # fmt: skip
    try:
        read = jwt.decode(str(tokens["id_token"]), KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS)  # type: ignore[arg-type]  # any JSON
        checks.validate(read.claims)
        audience = read.claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if (several or "azp" in read.claims) and read.claims.get("azp") != client_id:
            raise ValueError("meant for another client")
        if "at_hash" in read.claims and not _fits(read.claims["at_hash"], tokens, str(read.header["alg"])):
            raise ValueError("the access token is another one")
        return dict(read.claims)
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        raise IdentityRefused("The provider's answer is not valid.", code="IDENTITY_TOKEN_INVALID") from problem


def _fits(at_hash: Any, tokens: Mapping[str, Any], algorithm: str) -> bool:
    size = "512" if algorithm in ("EdDSA", "Ed25519") else algorithm[-3:]
    digest = hashlib.new(f"sha{size}", str(tokens.get("access_token", "")).encode()).digest()
    expected = _base64url(digest[: len(digest) // 2])
    return hmac.compare_digest(expected, str(at_hash))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


async def person_of(db: Session, provider: IdentityProvider, claims: Mapping[str, Any], *, now: datetime) -> User:
    """Whom the provider vouches for, remembered by its `sub`; raises `IdentityRefused` saying why nobody is.

    Codes: IDENTITY_UNVERIFIED, IDENTITY_DOMAIN and IDENTITY_UNKNOWN.
    """
    subject = str(claims["sub"])[:255]
    known = sa.select(User).join(UserIdentity, UserIdentity.user_id == User.id)
    user = await db.scalar(known.where(UserIdentity.provider_id == provider.id, UserIdentity.subject == subject))
    if user is None:
        user = await queries.find_user_by_email(db, vouched_address(claims, provider.domains))
        if user is not None and _is_own(provider, user):
            db.add(
                UserIdentity(
                    id=new_id(), provider_id=provider.id, user_id=user.id, subject=subject, created_at=now
                )
            )  # fmt: skip
    if user is None or not user.active or not _is_own(provider, user):
        raise IdentityRefused("There is no account here for this person.", code="IDENTITY_UNKNOWN")
    return await queries.lock_user(db, user.id)


def vouched_address(claims: Mapping[str, Any], domains: list[str]) -> str:
    """The mail address a provider vouches for; raises `IdentityRefused` for one that is not verified or not its own."""
    email = claims.get("email")
    # Some providers write the flag as text.
    if not isinstance(email, str) or str(claims.get("email_verified")).lower() != "true":
        raise IdentityRefused("The provider has not verified this address.", code="IDENTITY_UNVERIFIED")
    if queries.normalize_email(email).rpartition("@")[2] not in domains:
        raise IdentityRefused("The provider does not vouch for this domain.", code="IDENTITY_DOMAIN")
    return email


def _is_own(provider: IdentityProvider, user: User) -> bool:
    return user.partner_id == provider.partner_id


async def save_provider(
    db: Session, given: ProviderInput, *, partner_id: UUID | None, provider_id: UUID | None, now: datetime,
    plain_http: bool = False,
) -> IdentityProvider:  # fmt: skip
    """Add or change a provider of an installation or a partner.

    Raises `InvalidIdentityProvider` naming the field and `IdentityProviderNotFound`. `plain_http` allows an issuer
    without TLS, as it is on a developer's machine.
    """
    row = await lock_provider(db, provider_id, partner_id=partner_id) if provider_id else None
    issuer = given.issuer.strip().rstrip("/")
    parts = urlsplit(issuer)
    if parts.scheme not in (("https", "http") if plain_http else ("https",)) or not parts.hostname or parts.query:
        raise InvalidIdentityProvider("The issuer is an https address.", code="INVALID_ISSUER", path=("issuer",))
    domains = sorted({each.strip().lower().lstrip("@") for each in given.domains if each.strip()})
    for name, value in (("name", given.name), ("client_id", given.client_id)):
        if not 1 <= len(value.strip()) <= 100:
            raise InvalidIdentityProvider("This has 1 to 100 characters.", code="REQUIRED", path=(_camel(name),))
    if any("." not in each or "@" in each or not each.isprintable() for each in domains):
        raise InvalidIdentityProvider("This is no domain.", code="INVALID_DOMAIN", path=("domains",))
    if row is None:
        if not given.client_secret:
            raise InvalidIdentityProvider("The secret is missing.", code="REQUIRED", path=("clientSecret",))
        if partner_id is not None and await db.scalar(_of_partner(partner_id)) is not None:
            raise InvalidIdentityProvider("There is a provider already.", code="PROVIDER_EXISTS", path=("issuer",))
        row = IdentityProvider(id=new_id(), partner_id=partner_id, client_secret="", created_at=now)
        db.add(row)
    elif row.issuer != issuer:  # a `sub` means somebody else there
        await db.execute(
            sa.delete(UserIdentity)
            .where(UserIdentity.provider_id == row.id)
            .execution_options(synchronize_session=False)
        )
    row.name, row.issuer, row.client_id = given.name.strip(), issuer, given.client_id.strip()
    row.client_secret = given.client_secret or row.client_secret
    row.domains, row.active, row.updated_at = domains, given.active, now
    return row


def _camel(name: str) -> str:
    return "clientId" if name == "client_id" else name


def _of_partner(partner_id: UUID | None) -> sa.Select[UUID]:
    return sa.select(IdentityProvider.id).where(IdentityProvider.partner_id == partner_id)


async def providers(
    db: Session, *, partner_id: UUID | None = None, all_of_them: bool = False
) -> list[IdentityProvider]:
    """The providers of an installation or a partner, by name; with `all_of_them` every active one."""
    found = sa.select(IdentityProvider).order_by(IdentityProvider.name, IdentityProvider.id)
    narrowed = IdentityProvider.active.is_(True) if all_of_them else IdentityProvider.partner_id == partner_id
    return list(await db.scalars(found.where(narrowed)))


async def lock_provider(db: Session, provider_id: UUID, *, partner_id: UUID | None) -> IdentityProvider:
    """A provider of an installation or a partner, locked; raises `IdentityProviderNotFound`."""
    found = sa.select(IdentityProvider).where(
        IdentityProvider.id == provider_id, IdentityProvider.partner_id == partner_id
    )
    row = await db.scalar(found.with_for_update())
    if row is None:
        raise IdentityProviderNotFound("There is no such provider.", path=("id",))
    return row
