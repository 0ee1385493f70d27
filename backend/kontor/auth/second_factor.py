"""The optional second factor: codes by time (TOTP, RFC 6238) from an app, and recovery codes for when it is lost."""

import hmac
import secrets as random
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
import sqlalchemy as sa

from kontor.auth import audit, secrets
from kontor.auth.errors import SecondFactorOn, WrongCode
from kontor.auth.models import User, UserSecondFactor
from kontor.core.db import Session

STEP = 30  # seconds a code counts for
DRIFT = 1  # steps that a clock may be off
RECOVERY_CODES = 10
# Without letters and digits that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What an app needs to make codes: the secret to type, or the address that its QR code holds."""

    secret: str
    uri: str


async def enroll(db: Session, user: User, *, now: datetime) -> Enrollment:
    """A fresh secret, not yet in force; raises `SecondFactorOn` when there is one."""
    known = await _of(db, user.id)
    if known is not None and known.confirmed_at is not None:
        raise SecondFactorOn("There is a second factor already; switch it off first.")
    secret = pyotp.random_base32()
    if known is None:
        known = UserSecondFactor(user_id=user.id, secret=secret, last_step=0, recovery_hashes=[], created_at=now)
        db.add(known)
    known.secret, known.created_at = secret, now
    return Enrollment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="Kontor"))


async def confirm(db: Session, user_id: UUID, code: str, *, now: datetime) -> list[str]:
    """Put the secret in force by a first code; returns the recovery codes, shown this once. Raises `WrongCode`."""
    known = await _of(db, user_id)
    if known is None or known.confirmed_at is not None:
        raise SecondFactorOn("There is no second factor to confirm.", code="SECOND_FACTOR_NOT_BEGUN")
    step = fitting_step(known.secret, code, now=now, after=known.last_step)
    if step is None:
        raise WrongCode("This code does not fit.", path=("code",))
    codes = new_recovery_codes()
    known.confirmed_at, known.last_step = now, step
    known.recovery_hashes = [secrets.digest(_plain(each)) for each in codes]
    audit.note(db, "confirmSecondFactor", [("user", user_id)])
    return codes


async def is_on(db: Session, user_id: UUID) -> bool:
    """Whether a code is asked for when this person signs in by password."""
    found = sa.select(UserSecondFactor.user_id).where(
        UserSecondFactor.user_id == user_id, UserSecondFactor.confirmed_at.is_not(None)
    )
    return await db.scalar(found) is not None


async def check(db: Session, user_id: UUID, code: str, *, now: datetime) -> None:
    """Accept a code of the app or a recovery code, each once; raises `WrongCode`."""
    known = await _of(db, user_id)
    if known is None or known.confirmed_at is None:
        return
    step = fitting_step(known.secret, code, now=now, after=known.last_step)
    if step is not None:
        known.last_step = step
        return
    given = secrets.digest(_plain(code))
    if given not in known.recovery_hashes:
        raise WrongCode("This code does not fit.", path=("code",))
    known.recovery_hashes = [each for each in known.recovery_hashes if each != given]
    audit.note(db, "useRecoveryCode", [("user", user_id)], {"left": len(known.recovery_hashes)})


async def end(db: Session, user_id: UUID) -> None:
    """Switch the second factor off; where there is none nothing changes."""
    await db.execute(sa.delete(UserSecondFactor).where(UserSecondFactor.user_id == user_id))


async def recovery_codes_left(db: Session, user_id: UUID) -> int | None:
    """How many recovery codes are unused; None without a second factor."""
    known = await db.get(UserSecondFactor, user_id)
    return None if known is None or known.confirmed_at is None else len(known.recovery_hashes)


def fitting_step(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The time step whose code this is, one off at most and later than `after`, so that no code counts twice."""
    given = "".join(code.split())
    if not (given.isascii() and given.isdecimal() and len(given) == 6):
        return None
    totp, present = pyotp.TOTP(secret, interval=STEP), int(now.timestamp()) // STEP
    steps = range(present - DRIFT, present + DRIFT + 1)
    fitting = [step for step in steps if step > after and hmac.compare_digest(totp.generate_otp(step), given)]
    return fitting[0] if fitting else None


def new_recovery_codes() -> list[str]:
    """Ten codes of 50 random bits, as `abcde-fghjk`."""
    return ["-".join("".join(random.choice(_ALPHABET) for _ in range(5)) for _ in range(2))
            for _ in range(RECOVERY_CODES)]  # fmt: skip


def _plain(code: str) -> str:
    return "".join(each for each in code.lower() if each.isalnum())


async def _of(db: Session, user_id: UUID) -> UserSecondFactor | None:
    found = sa.select(UserSecondFactor).where(UserSecondFactor.user_id == user_id)
    return await db.scalar(found.with_for_update().execution_options(populate_existing=True))
