"""Asking registers about VAT ids: what is known, what is due, and what an answer changes.

No order waits for a register and none fails with it. An answer counts for orders placed later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule
from kontor.core.sets import any_of
from kontor.tax.errors import MalformedVatId
from kontor.tax.events import VatIdConfirmed, VatIdRefused
from kontor.tax.models import VatId, VatIdCheck
from kontor.tax.ports import RegisterAnswer
from kontor.tax.vat_ids import CheckOutcome, VatIdStatus, compacted, is_well_formed

AT_ONCE = 200
_LONGEST_WAIT = timedelta(days=1)
JOB = "tax.check_vat_id"


@dataclass(frozen=True, slots=True)
class Question:
    """A VAT id to be asked about, and in whose name."""

    number: str
    requester: str | None
    asked_by: str


async def vat_ids_by_number(db: Session, numbers: Iterable[str]) -> dict[str, VatId]:
    """What is known of VAT ids, by their compact form; one statement, none for nothing."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    return {row.number: row for row in await db.scalars(sa.select(VatId).where(any_of(VatId.number, wanted)))}


async def note_vat_id(db: Session, number: str, *, requester: str | None, now: datetime) -> VatId:
    """The row of a VAT id, locked; added when it is new. Raises `MalformedVatId`."""
    number = compacted(number)
    if not is_well_formed(number):
        raise MalformedVatId("Form or check digits are not those of a VAT id.", path=("number",))
    own = compacted(requester) if requester else None
    row = await _locked(db, number)
    if row is None:
        values = {
            "id": new_id(), "number": number, "status": VatIdStatus.UNCHECKED, "requester": own, "unanswered": 0,
            "due_at": now, "created_at": now, "updated_at": now,
        }  # fmt: skip
        insert = sqlite.insert if db.sqlite else postgresql.insert
        await db.execute(insert(VatId).values(values).on_conflict_do_nothing(index_elements=["number"]))
        row = await _locked(db, number)
    assert row is not None
    if own and not row.requester:
        row.requester = own
    return row


async def _locked(db: Session, number: str) -> VatId | None:
    return await db.scalar(sa.select(VatId).where(VatId.number == number).with_for_update())


def ask(db: Session, number: str, *, requester: str | None = None) -> None:
    """Have a VAT id noted and its register asked after the commit, where this installation asks one."""
    schedule(db, JOB, {"number": compacted(number), "requester": requester, "asked_by": db.by})


async def ask_about_due(db: Session, *, now: datetime) -> int:
    """Have the registers asked about VAT ids whose answer is too old or missing; how many."""
    due = await db.scalars(
        sa.select(VatId).where(VatId.due_at <= now).order_by(VatId.due_at, VatId.id).limit(AT_ONCE).with_for_update()
    )
    rows = due.all()
    for row in rows:
        ask(db, row.number, requester=row.requester)
        row.due_at = now + _LONGEST_WAIT  # while the question is under way nobody asks again
    return len(rows)


async def keep_answer(
    db: Session, asked: Question, answer: RegisterAnswer | None, *, register: str, again: timedelta, reason: str | None
) -> VatIdCheck:
    """Write down how a question ended; `answer` None when there was none, for `reason`.

    An answer is asked for anew after `again`; without one it is tried again after an hour, then after twice that.
    """
    now = db.now
    row = await note_vat_id(db, asked.number, requester=asked.requester, now=now)
    outcome, said = CheckOutcome.UNANSWERED, answer or RegisterAnswer(False)
    if answer is not None:
        outcome = CheckOutcome.VALID if answer.valid else CheckOutcome.INVALID
    check = VatIdCheck(
        id=new_id(), vat_id_id=row.id, number=row.number, outcome=outcome, register=register, requester=row.requester,
        proof=_cut(said.proof, 60), name=_cut(said.name, 300), address=_cut(said.address, 500), reason=_cut(reason, 60),
        asked_at=now, asked_by=asked.asked_by,
    )  # fmt: skip
    db.add(check)
    row.updated_at = now
    if answer is None:
        row.unanswered += 1
        row.due_at = now + min(timedelta(hours=2 ** min(row.unanswered - 1, 10)), _LONGEST_WAIT)
        return check
    _tell(db, row, answer)
    row.status = VatIdStatus(outcome)
    row.check_id, row.checked_at, row.unanswered, row.due_at = check.id, now, 0, now + again
    return check


def _tell(db: Session, row: VatId, answer: RegisterAnswer) -> None:
    if answer.valid and row.status is not VatIdStatus.VALID:
        record(db, VatIdConfirmed(stream_id=row.id, number=row.number, proof=answer.proof))
    elif not answer.valid and row.status is not VatIdStatus.INVALID:
        record(db, VatIdRefused(stream_id=row.id, number=row.number, proof=answer.proof))


def _cut(text: str | None, most: int) -> str | None:
    return text[:most] if text else None
