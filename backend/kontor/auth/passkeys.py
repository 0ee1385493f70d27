"""Passkeys (WebAuthn): a key in the person's device signs a challenge of ours; we hold its public half.

The device checks who holds it (user verification is required), so a passkey is both factors in one.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import sqlalchemy as sa
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kontor.auth import audit
from kontor.auth.errors import InvalidPasskey, PasskeyNotFound
from kontor.auth.models import User, UserPasskey
from kontor.core.db import Session
from kontor.core.ids import new_id

MOST = 20  # of a person
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a passkey is for: the name of this site and the origins its pages have."""

    id: str
    origins: tuple[str, ...]


def party_of(base_url: str) -> Party:
    """The relying party of an installation. Browsers know no passkeys for bare addresses, so loopback is localhost."""
    parts = urlsplit(base_url)
    host = parts.hostname or "localhost"
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        return Party(host, (f"{parts.scheme}://{parts.netloc}",))
    port = f":{parts.port}" if parts.port else ""
    return Party("localhost", (f"{parts.scheme}://localhost{port}",))


def registration_options(party: Party, user: User, known: Sequence[str]) -> tuple[dict[str, Any], str]:
    """What the browser needs to make a passkey, and the challenge; devices that have one of `known` make no second."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name="Kontor",
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known],
    )
    return orjson.loads(options_to_json(options)), bytes_to_base64url(options.challenge)


def sign_in_options(party: Party) -> tuple[dict[str, Any], str]:
    """What the browser needs to use a passkey, and the challenge; which one, the person chooses in the browser."""
    options = generate_authentication_options(rp_id=party.id, user_verification=UserVerificationRequirement.REQUIRED)
    return orjson.loads(options_to_json(options)), bytes_to_base64url(options.challenge)


async def known_ids(db: Session, user_id: UUID) -> list[str]:
    """The credential ids of a person's passkeys."""
    return list(await db.scalars(sa.select(UserPasskey.credential_id).where(UserPasskey.user_id == user_id)))


async def add(
    db: Session, user: User, party: Party, given: Mapping[str, Any], *, challenge: str, name: str, now: datetime
) -> UserPasskey:
    """Keep the public key of a new passkey; raises `InvalidPasskey` when the answer of the browser does not fit."""
    try:
        made = verify_registration_response(
            credential=dict(given),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as problem:
        raise InvalidPasskey("The passkey cannot be used here.", path=("credential",)) from problem
    if len(await known_ids(db, user.id)) >= MOST:
        raise InvalidPasskey("There are enough passkeys.", code="TOO_MANY_PASSKEYS", path=("credential",), max=MOST)
    credential_id = bytes_to_base64url(made.credential_id)
    if await db.scalar(sa.select(UserPasskey.id).where(UserPasskey.credential_id == credential_id)) is not None:
        raise InvalidPasskey("This passkey is known already.", code="PASSKEY_KNOWN", path=("credential",))
    passkey = UserPasskey(
        id=new_id(), user_id=user.id, credential_id=credential_id,
        public_key=bytes_to_base64url(made.credential_public_key), sign_count=made.sign_count, name=checked_name(name),
        created_at=now, last_used_at=None,
    )  # fmt: skip
    db.add(passkey)
    audit.note(db, "addPasskey", [("user", user.id)], {"name": passkey.name})
    return passkey


async def recognize(db: Session, party: Party, given: Mapping[str, Any], *, challenge: str, now: datetime) -> User:
    """Who signed the challenge; raises `InvalidPasskey`, the same for every reason.

    A counter that went back means that the key was copied: it is refused then.
    """
    refused = InvalidPasskey("This passkey is not known here.")
    credential_id = given.get("id")
    if not isinstance(credential_id, str) or not credential_id.isprintable():
        raise refused
    found = sa.select(UserPasskey).where(UserPasskey.credential_id == credential_id)
    passkey = await db.scalar(found.with_for_update().execution_options(populate_existing=True))
    user = await db.get(User, passkey.user_id) if passkey is not None else None
    if passkey is None or user is None or not user.active:
        raise refused
    try:
        checked = verify_authentication_response(
            credential=dict(given),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as problem:
        raise refused from problem
    passkey.sign_count, passkey.last_used_at = checked.new_sign_count, now
    return user


async def of_user(db: Session, user_id: UUID) -> list[UserPasskey]:
    """A person's passkeys, oldest first."""
    found = sa.select(UserPasskey).where(UserPasskey.user_id == user_id).order_by(UserPasskey.created_at)
    return list(await db.scalars(found))


async def lock_own(db: Session, user_id: UUID, passkey_id: UUID) -> UserPasskey:
    """One of a person's own passkeys, locked; raises `PasskeyNotFound`."""
    found = sa.select(UserPasskey).where(UserPasskey.id == passkey_id, UserPasskey.user_id == user_id)
    passkey = await db.scalar(found.with_for_update())
    if passkey is None:
        raise PasskeyNotFound("There is no such passkey.", path=("id",))
    return passkey


def checked_name(name: str) -> str:
    """The trimmed name of a passkey; raises `InvalidPasskey`."""
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise InvalidPasskey(
            f"A name has 1 to {LONGEST_NAME} characters.", code="INVALID_PASSKEY_NAME", path=("name",), max=LONGEST_NAME
        )
    return name.strip()
