"""Coupons: made one by one or in batches, blocked, looked up, and checked for an order."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa

from kontor.core import outbox
from kontor.core.db import Session, chunks
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.sets import any_of
from kontor.imports import fields
from kontor.imports.errors import InvalidField
from kontor.imports.fields import Field
from kontor.imports.saving import insert_rows, lock_noun
from kontor.promotions.errors import CouponNotValid, CouponTaken, CouponUnknown, CouponUsed, PromotionNotFound
from kontor.promotions.events import CouponsBlocked, CouponsGenerated, stream_of
from kontor.promotions.models import Coupon, Promotion

MOST_COUPONS = 10_000
MOST_LENGTH = 60
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that are not mistaken for each other."""

_FIELDS: dict[str, Field] = {
    "promotion": Field(fields.code(40)),
    "code": Field(fields.text(MOST_LENGTH, pattern=r"[^\s,;\"']+", upper=True), empty=True),
    "count": Field(fields.integer(1, MOST_COUPONS), default=1),
    "prefix": Field(fields.text(20, pattern=r"[A-Za-z0-9-]+", upper=True), empty=True),
    "length": Field(fields.integer(8, 32), default=10),
    "most_uses": Field(fields.integer(1), empty=True),
    "valid_from": Field(fields.moment, empty=True),
    "valid_to": Field(fields.moment, empty=True),
}


class CouponsData(TypedDict, total=False):
    """Either one coupon of a given `code`, or `count` random ones of `length` characters behind a `prefix`.

    Each may be used `most_uses` times: once when that is not given, as often as wanted when it is None.
    """

    promotion: str
    code: str | None
    count: int
    prefix: str | None
    length: int
    most_uses: int | None
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """A coupon as an order meets it."""

    id: UUID
    code: str
    promotion_code: str
    most_uses: int | None
    uses: int
    valid_from: datetime | None
    valid_to: datetime | None
    blocked: bool

    def check(self, at: datetime, *, taken: int = 0) -> None:
        """Raise `CouponNotValid` or `CouponUsed`; `taken` is how often orders of the same batch use it already."""
        early = self.valid_from is not None and at < self.valid_from
        late = self.valid_to is not None and at >= self.valid_to
        if self.blocked or early or late:
            reason = "BLOCKED" if self.blocked else "NOT_YET_VALID" if early else "ENDED"
            raise CouponNotValid(f"The coupon {self.code} is not valid.", coupon=self.code, reason=reason)
        if self.most_uses is not None and self.uses + taken >= self.most_uses:
            raise CouponUsed(f"The coupon {self.code} has been used.", coupon=self.code)


def normalized(code: str) -> str:
    """A coupon as it is kept: people type it in small letters and with spaces around."""
    return code.strip().upper()


async def generate_coupons(db: Session, data: CouponsData) -> UUID:
    """Make coupons of a promotion that asks for one; the id of their batch.

    Raises `PromotionNotFound`, `CouponTaken` for a given code that exists, and `InvalidField`.
    """
    given = {"most_uses": 1, **data}
    values = fields.completed(fields.checked(given, _FIELDS), _FIELDS)
    start, end = values["valid_from"], values["valid_to"]
    if end is not None and end <= (start or db.now):
        raise InvalidField("The end lies after the start.", path=("validTo",))
    await _check_promotion(db, values["promotion"])
    await lock_noun(db, "coupon")
    codes = await _fresh_codes(db, values)
    batch_id = new_id()
    rows = [
        {
            "id": new_id(), "code": code, "promotion_code": values["promotion"], "batch_id": batch_id,
            "most_uses": values["most_uses"], "uses": 0, "valid_from": start, "valid_to": end, "blocked_at": None,
            "created_by": db.by,
        }
        for code in codes
    ]  # fmt: skip
    await insert_rows(db, Coupon, rows)
    code = values["promotion"]
    outbox.record(db, CouponsGenerated(stream_id=stream_of(code), code=code, batch_id=batch_id, count=len(rows)))
    return batch_id


async def _check_promotion(db: Session, code: str) -> None:
    needs = await db.scalar(
        sa.select(Promotion.coupon)
        .where(Promotion.code == code, sa.or_(Promotion.valid_to.is_(None), Promotion.valid_to > db.now))
        .order_by(Promotion.valid_from)
        .limit(1)
    )
    if needs is None:
        raise PromotionNotFound(f"Nothing of {code} is valid or planned.", path=("promotion",), promotion=code)
    if not needs:
        raise InvalidField(f"{code} is given without a coupon.", path=("promotion",))


async def _fresh_codes(db: Session, values: Mapping[str, Any]) -> list[str]:
    if values["code"] is not None:
        if values["count"] != 1 or values["prefix"] is not None:
            raise InvalidField("A coupon of a given code is one.", path=("code",))
        if await coupons_by_code(db, [values["code"]]):
            raise CouponTaken(f"There is a coupon {values['code']} already.", path=("code",), coupon=values["code"])
        return [values["code"]]
    prefix, found = values["prefix"] or "", set[str]()
    while len(found) < values["count"]:
        drawn = {
            prefix + "".join(secrets.choice(ALPHABET) for _ in range(values["length"]))
            for _ in range(values["count"] - len(found))
        }
        found |= drawn - set(await coupons_by_code(db, drawn))
    return sorted(found)


async def coupons_by_code(db: Session, codes: Iterable[str]) -> dict[str, CouponFacts]:
    """The coupons of these codes, as they are kept; one statement for each 500."""
    found: dict[str, CouponFacts] = {}
    for part in chunks(sorted(set(codes))):
        rows = await db.execute(
            sa.select(
                Coupon.id, Coupon.code, Coupon.promotion_code, Coupon.most_uses, Coupon.uses, Coupon.valid_from,
                Coupon.valid_to, Coupon.blocked_at.is_not(None),
            ).where(any_of(Coupon.code, part))
        )  # fmt: skip
        found.update({row[1]: CouponFacts(*row) for row in rows})
    return found


async def block_coupons(db: Session, *, codes: Sequence[str] | None = None, batch_id: UUID | None = None) -> list[UUID]:
    """Take coupons no longer, those of the codes or a whole batch; the ids of those that were taken until now.

    Raises `CouponUnknown` for a code or batch that is none.
    """
    if (codes is None) == (batch_id is None):
        raise InvalidInput("Name codes or a batch.", code="INVALID_LOOKUP", path=("codes",))
    wanted = [normalized(code) for code in codes or ()]
    narrowed = Coupon.batch_id == batch_id if codes is None else any_of(Coupon.code, wanted)
    rows = list(await db.scalars(sa.select(Coupon).where(narrowed).order_by(Coupon.id).with_for_update()))
    known = {row.code for row in rows}
    for index, code in enumerate(wanted):
        if code not in known:
            raise CouponUnknown(f"There is no coupon {code}.", path=("codes", index), coupon=code)
    if not rows:
        raise CouponUnknown("There is no such batch.", path=("batchId",), coupon=str(batch_id))
    blocked = [row for row in rows if row.blocked_at is None]
    for row in blocked:
        row.blocked_at = db.now
    for promotion in sorted({row.promotion_code for row in blocked}):
        count = sum(row.promotion_code == promotion for row in blocked)
        outbox.record(db, CouponsBlocked(stream_id=stream_of(promotion), code=promotion, count=count))
    return [row.id for row in blocked]
