"""What is agreed with a partner from a day on: terms that give due times, targets that figures are held against."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa

from kontor.core import outbox
from kontor.core.clock import utc_day
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.ids import new_id
from kontor.imports import fields
from kontor.imports.fields import Field
from kontor.partners.errors import AgreementInThePast
from kontor.partners.events import AgreementMade
from kontor.partners.models import Partner, PartnerAgreement, ReturnPostage

_PERMILLE = fields.integer(0, 1000)
# What the first agreement says where nothing else is given.
TERMS: dict[str, Field] = {
    "answer_hours": Field(fields.integer(1, 2000), default=24),
    "ship_hours": Field(fields.integer(1, 2000), default=48),
    "accepted_permille": Field(_PERMILLE, default=980),
    "on_time_permille": Field(_PERMILLE, default=950),
    "canceled_permille": Field(_PERMILLE, default=10),
    "tracking_permille": Field(_PERMILLE, default=980),
    "returned_permille": Field(_PERMILLE, default=100),
    "stock_age_hours": Field(fields.integer(1, 2000), default=24),
    "return_postage": Field(fields.choice(ReturnPostage), default=ReturnPostage.WHO_IS_AT_FAULT),
    "currency": Field(fields.text(3, pattern="[A-Z]{3}", upper=True), empty=True),
    "note": Field(fields.text(500), empty=True),
}


class Terms(TypedDict, total=False):
    """What is to be agreed; what is not given stays as it was agreed before."""

    answer_hours: int
    ship_hours: int
    accepted_permille: int
    on_time_permille: int
    canceled_permille: int
    tracking_permille: int
    returned_permille: int
    stock_age_hours: int
    return_postage: ReturnPostage
    currency: str | None
    note: str | None


def in_force(agreed: Iterable[PartnerAgreement], day: date) -> PartnerAgreement | None:
    """The agreement that holds on a day: the latest that has begun, of several of one day the last made."""
    begun = [row for row in agreed if row.valid_from <= day]
    return max(begun, key=lambda row: (row.valid_from, row.version), default=None)


async def agree(db: Session, partner: Partner, given: Terms, *, valid_from: date) -> PartnerAgreement:
    """Make new terms with a locked partner from a day on; work it has already keeps its due times.

    Records AgreementMade. Raises `AgreementInThePast`, or `InvalidField` naming the term.
    """
    if valid_from < utc_day(db.now):
        raise AgreementInThePast("Terms hold from today on at the earliest.", path=("validFrom",))
    values = fields.checked(given, TERMS)
    known = (await agreements_of(db, [partner.id]))[partner.id]
    before = in_force(known, valid_from)
    rest = {name: getattr(before, name) for name in TERMS if name != "note"} if before else {}
    row = PartnerAgreement(
        id=new_id(), partner_id=partner.id, version=1 + max((each.version for each in known), default=0),
        valid_from=valid_from, created_at=db.now, created_by=db.principal.name[:200],
        **fields.completed({**rest, **values}, TERMS),
    )  # fmt: skip
    db.add(row)
    partner.updated_at = db.now
    outbox.record(db, AgreementMade(stream_id=partner.id, version=row.version, valid_from=valid_from.isoformat()))
    await db.flush()
    return row


async def agreements_of(db: Session, partner_ids: Iterable[UUID]) -> dict[UUID, list[PartnerAgreement]]:
    """All agreements by partner, oldest version first."""
    found: dict[UUID, list[PartnerAgreement]] = {partner_id: [] for partner_id in partner_ids}
    for part in chunks(in_key_order(found)):
        rows = await db.scalars(
            sa.select(PartnerAgreement)
            .where(PartnerAgreement.partner_id.in_(part))
            .order_by(PartnerAgreement.partner_id, PartnerAgreement.version)
        )
        for row in rows:
            found[row.partner_id].append(row)
    return found


def agreed_hours(
    agreed: Sequence[PartnerAgreement], facts: Mapping[str, Any], day: date, *, otherwise: int
) -> tuple[int, int | None]:
    """Working hours to answer and to ship on a day: by the agreement, else by the partner's facts, else the place.

    Without an agreement nothing was said of shipping (None).
    """
    row = in_force(agreed, day)
    if row is not None:
        return row.answer_hours, row.ship_hours
    return int(facts.get("answer_hours") or otherwise), None


def postage_payer(row: PartnerAgreement | None, *, our_fault: bool) -> ReturnPostage:
    """Who bears the postage of a return, RETAILER or PARTNER; `our_fault`: the customer is not to blame for it."""
    agreed = row.return_postage if row is not None else ReturnPostage.RETAILER
    if agreed is ReturnPostage.WHO_IS_AT_FAULT:
        return ReturnPostage.PARTNER if our_fault else ReturnPostage.RETAILER
    return agreed
