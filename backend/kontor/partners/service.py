"""The life of a partner: invited, set up, active, suspended, ended."""

from collections.abc import Mapping, Sequence
from typing import Any, Required, TypedDict

import sqlalchemy as sa

from kontor.auth import clients
from kontor.core import outbox
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.core.statemachine import change_row, transition
from kontor.imports import cells, fields
from kontor.imports.fields import Field
from kontor.imports.saving import (
    Draft,
    Outcome,
    RowResult,
    drafts_of,
    existing_rows,
    good,
    lock_noun,
    match_existing,
    results_of,
    touch_masters,
    writable,
    write_drafts,
)
from kontor.partners.errors import PartnerExists
from kontor.partners.events import (
    PartnerActivated,
    PartnerChanged,
    PartnerEnded,
    PartnerInvited,
    PartnerOnboarding,
    PartnerSuspended,
)
from kontor.partners.models import Partner, PartnerKind
from kontor.partners.states import PARTNER, PartnerState

FIELDS: dict[str, Field] = {
    "code": Field(fields.code()),
    "name": Field(fields.text(200)),
    "kind": Field(fields.choice(PartnerKind), default=PartnerKind.DROPSHIPPER),
    "email": Field(fields.email, empty=True),
    "language": Field(fields.language, default="en"),
    "country": Field(fields.country),
    "vat_id": Field(fields.text(20, upper=True), empty=True),
    "agreement": Field(fields.facts(), read=cells.json, default={}),
}


class PartnerData(TypedDict, total=False):
    """A partner by its code; fields that are not given stay as they are."""

    code: Required[str]
    name: str
    kind: PartnerKind
    email: str | None
    language: str
    country: str
    vat_id: str | None
    agreement: dict[str, Any]


async def invite_partner(db: Session, given: PartnerData) -> Partner:
    """Add a partner in the state INVITED; raises `PartnerExists`, `InvalidField` or `MissingField`."""
    await lock_noun(db, "partner")
    values = fields.completed(fields.checked(given, FIELDS), FIELDS)
    if await db.scalar(sa.select(Partner.id).where(Partner.code == values["code"])) is not None:
        raise PartnerExists(f"There is a partner {values['code']} already.", path=("code",))
    partner = Partner(id=new_id(), **values, state=PartnerState.INVITED, created_at=db.now, updated_at=db.now)
    db.add(partner)
    db.note_state(change_row("partner", partner.id, None, PartnerState.INVITED, now=db.now, by=db.by))
    outbox.record(db, PartnerInvited(stream_id=partner.id, code=partner.code))
    await db.flush()
    await touch_masters(db)
    return partner


async def save_partners(db: Session, rows: Sequence[PartnerData], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Change partners by code and invite those that are new, one result per row. States stay as they are."""
    await lock_noun(db, "partner")
    drafts = drafts_of(rows, FIELDS, "code")
    known = await existing_rows(db, Partner.__table__.c.code, {draft.key for draft in good(drafts)})
    match_existing(drafts, known, FIELDS)
    if await write_drafts(db, Partner, writable(drafts, all_or_nothing), known, columns=_columns):
        for draft in drafts:
            _tell(db, draft)
        await touch_masters(db)
    return results_of(drafts)


def _columns(draft: Draft) -> Mapping[str, Any]:
    if draft.outcome is Outcome.CREATED:
        return {**draft.values, "state": PartnerState.INVITED}
    return draft.values


def _tell(db: Session, draft: Draft) -> None:
    if draft.id is None:
        return
    if draft.outcome is Outcome.CREATED:
        db.note_state(change_row("partner", draft.id, None, PartnerState.INVITED, now=db.now, by=db.by))
        outbox.record(db, PartnerInvited(stream_id=draft.id, code=draft.key))
    elif draft.outcome is Outcome.UPDATED:
        outbox.record(db, PartnerChanged(stream_id=draft.id, code=draft.key))


async def start_onboarding(db: Session, partner: Partner) -> Partner:
    """A locked partner accepted the invitation. Raises `TransitionRefused`."""
    await _move(db, partner, PartnerState.ONBOARDING)
    outbox.record(db, PartnerOnboarding(stream_id=partner.id, code=partner.code))
    return partner


async def activate_partner(db: Session, partner: Partner) -> Partner:
    """From now on a locked partner may be routed to. Raises `TransitionRefused`."""
    await _move(db, partner, PartnerState.ACTIVE)
    outbox.record(db, PartnerActivated(stream_id=partner.id, code=partner.code))
    return partner


async def suspend_partner(db: Session, partner: Partner, *, reason: str) -> Partner:
    """A locked partner gets no new work at once; open work stays finishable. Raises `TransitionRefused`."""
    await _move(db, partner, PartnerState.SUSPENDED, reason)
    outbox.record(db, PartnerSuspended(stream_id=partner.id, code=partner.code, reason=reason))
    return partner


async def end_partner(db: Session, partner: Partner, *, reason: str) -> Partner:
    """The relation with a locked partner is over, and so is the access of its people and machines.

    Raises `TransitionRefused`.
    """
    await _move(db, partner, PartnerState.ENDED, reason)
    await clients.close_partner_access(db, partner.id, now=wall())
    outbox.record(db, PartnerEnded(stream_id=partner.id, code=partner.code, reason=reason))
    return partner


async def _move(db: Session, partner: Partner, to: PartnerState, reason: str | None = None) -> None:
    if reason is not None:
        fields.check_field("reason", reason, Field(fields.text(500)))
    try:
        transition(db, partner, to, table=PARTNER, now=db.now, reason=reason)
    except KontorError as problem:
        problem.path = ("id",)
        raise
    partner.updated_at = db.now
    await touch_masters(db)
