"""Cases from being raised to being done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kontor.care import deadlines, queries
from kontor.care.errors import CaseDone, CaseNotDecidable, CaseTaken, InvalidCase
from kontor.care.models import Case
from kontor.care.owners import able_owners
from kontor.care.states import CASE, CaseState
from kontor.care.values import BOUND, CaseKind, CaseQueue, NewCase, may_decide
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.statemachine import change_row, transition

SYSTEM_NOTE = "settled by itself"


async def open_cases(db: Session, wanted: Sequence[NewCase], *, now: datetime) -> list[Case]:
    """Raise cases, once per kind and subject while one is open; what is known already gets the newer facts.

    A deadline moves with what is told of it, but never behind an earlier one that a person has set. What was put aside
    comes back with news, and with an earlier deadline. The case of each entry, in order.
    """
    known = await queries.open_subjects(db, {each.subject_key for each in wanted})
    due_at = await _deadlines(db, [each for each in wanted if each.subject_key not in known], now=now)
    woken: dict[UUID, Case] = {}
    for each in wanted:
        case = known.get(each.subject_key)
        if case is not None:
            if _learn(case, each, now=now) and case.state is CaseState.WAITING:
                woken[case.id] = case
            continue
        case = known[each.subject_key] = Case(
            id=new_id(), kind=each.kind.value, subject_key=each.subject_key, order_id=each.order_id,
            state=CaseState.OPEN, facts=dict(each.facts), due_at=due_at[each.subject_key],
            created_at=now, updated_at=now,
        )  # fmt: skip
        db.add(case)
        db.note_state(change_row("care_case", case.id, None, CaseState.OPEN, now=now, by=db.by))
    if woken:
        await give_back(db, list(woken.values()), now=now)
    return [known[each.subject_key] for each in wanted]


async def give_back(db: Session, cases: Sequence[Case], *, now: datetime) -> None:
    """Locked cases that waited come back to their owners, to all where the owner is gone, with the time of their kind.

    See `deadlines.due_after`.
    """
    there = await able_owners(db, cases)
    set_ones = deadlines.in_force(await deadlines.deadlines_of(db, {CaseKind(case.kind) for case in cases}), now)
    ids = {case.order_id for case in cases if case.order_id is not None} if set_ones.chosen else set()
    channels = await deadlines.channels_of(db, ids)
    for case in cases:
        kind = CaseKind(case.kind)
        within = set_ones.within(kind, channels.get(case.order_id) if case.order_id else None)
        due_at = deadlines.due_after(kind, case.due_at, within, now)
        owner_id = case.owner_id if case.id in there else None
        assign_case(db, case, owner_id=owner_id, now=now, due_at=due_at if due_at != case.due_at else None)


async def _deadlines(db: Session, fresh: Sequence[NewCase], *, now: datetime) -> dict[str, datetime | None]:
    """Until when each new case is to be done, by its subject: as it says itself, else as its kind and channel say."""
    due: dict[str, datetime | None] = {}
    for each in fresh:
        due.setdefault(each.subject_key, each.due_at)
    open_ended = [each for each in fresh if due[each.subject_key] is None]
    if open_ended:
        set_ones = deadlines.in_force(await deadlines.deadlines_of(db, {each.kind for each in open_ended}), now)
        # Whose channel it is matters only where somebody has set something for a channel.
        ids = {each.order_id for each in open_ended if each.order_id is not None} if set_ones.chosen else set()
        channels = await deadlines.channels_of(db, ids)
        for each in open_ended:
            within = set_ones.within(each.kind, channels.get(each.order_id) if each.order_id else None)
            due[each.subject_key] = now + within if within else None
    return due


def _learn(case: Case, newer: NewCase, *, now: datetime) -> bool:
    """The newer facts and deadline; whether anything of it is news to who put the case aside."""
    before = case.due_at
    _move_deadline(case, newer, now=now)
    facts = {**case.facts, **newer.facts}
    told = facts != case.facts
    if told:
        case.facts, case.updated_at = facts, now
    return told or (case.due_at is not None and case.due_at != before and (before is None or case.due_at < before))


def _move_deadline(case: Case, newer: NewCase, *, now: datetime) -> None:
    if newer.due_at is None or newer.due_at == case.due_at:
        return
    told = case.facts.get("due_at")
    as_told = told is not None and case.due_at == datetime.fromisoformat(told)
    if case.due_at is None or as_told or newer.due_at < case.due_at:
        case.due_at, case.updated_at = newer.due_at, now


async def open_case(db: Session, wanted: NewCase, *, now: datetime) -> Case:
    """Raise one case; see `open_cases`."""
    (case,) = await open_cases(db, [wanted], now=now)
    return case


async def settle_cases(db: Session, subjects: Iterable[tuple[CaseKind, str]], *, now: datetime) -> None:
    """End cases whose cause is gone; those nobody has raised are left out."""
    keys = {NewCase(kind, subject).subject_key for kind, subject in subjects}
    for case in (await queries.open_subjects(db, keys)).values():
        transition(db, case, CaseState.DONE, table=CASE, now=now, reason=SYSTEM_NOTE)
        case.wait_until, case.updated_at = None, now


def assign_case(
    db: Session, case: Case, *, owner_id: UUID | None, now: datetime, due_at: datetime | None = None
) -> None:
    """Give a locked case to somebody, or back to all with None. Raises `CaseDone`, `InvalidCase` for a past day.

    Who may be given it is `handing.hand_over`'s to say.
    """
    check_open(case)
    check_deadline(due_at, now=now)
    to = CaseState.OPEN if owner_id is None else CaseState.ASSIGNED
    if case.state is CaseState.WAITING and to is CaseState.OPEN:
        transition(db, case, CaseState.ASSIGNED, table=CASE, now=now)
    if case.state is not to:
        transition(db, case, to, table=CASE, now=now)
    case.owner_id, case.wait_until, case.updated_at = owner_id, None, now
    if due_at is not None:  # a new deadline begins anew: what had escalated waits for it
        case.due_at, case.escalated_at = due_at, None


def check_deadline(due_at: datetime | None, *, now: datetime) -> None:
    """Raise `InvalidCase` for a deadline that has passed already."""
    if due_at is not None and due_at <= now:
        raise InvalidCase("The deadline lies in the past.", path=("dueAt",))


async def take_case(db: Session, case: Case, *, owner_id: UUID, now: datetime) -> None:
    """A locked case becomes somebody's own, also one of theirs that waited; anybody's else is left to them.

    Raises `CaseDone`, `CaseTaken` with the owner, `CaseNotDecidable` with who acts may not decide it.
    """
    check_open(case)
    if case.owner_id not in (None, owner_id):
        raise CaseTaken("Somebody else looks after it.", path=("id",), owner_id=str(case.owner_id))
    if not may_decide(db.principal.may, CaseKind(case.kind)):
        raise not_decidable(case)
    if case.state is not CaseState.ASSIGNED:
        assign_case(db, case, owner_id=owner_id, now=now)


def not_decidable(case: Case) -> CaseNotDecidable:
    """The refusal for who may not decide a case."""
    return CaseNotDecidable("This is for somebody who may decide it.", path=("id",), kind=case.kind)


async def take_next_case(
    db: Session, queues: Sequence[CaseQueue] | None, *, owner_id: UUID, now: datetime
) -> Case | None:
    """The case of these queues (None: of any) that waits longest becomes somebody's own; escalated ones go first.

    However many ask at once, each gets another one: a row that somebody is taking is passed over, and so is what they
    may not decide. None where no case is free.
    """
    case = await queries.lock_next_case(db, queues)
    if case is not None:
        assign_case(db, case, owner_id=owner_id, now=now)
    return case


def wait_case(
    db: Session, case: Case, *, now: datetime, note: str | None = None, until: datetime | None = None
) -> None:
    """Put a locked, assigned case aside until something comes; `until` a moment it comes back by itself.

    Until then its deadline does not count, but where a bank has set it. Raises `CaseDone`, `TransitionRefused`,
    `InvalidCase` for a moment that has passed or is behind such a deadline.
    """
    check_open(case)
    if until is not None and until <= now:
        raise InvalidCase("The moment lies in the past.", path=("until",))
    if until is not None and case.kind in BOUND and case.due_at is not None and until >= case.due_at:
        raise InvalidCase(
            "Its deadline comes before.", code="WAIT_TOO_LONG", path=("until",), due_at=case.due_at.isoformat()
        )
    transition(db, case, CaseState.WAITING, table=CASE, now=now, reason=_note(note))
    case.wait_until, case.updated_at = until, now
    if until is not None:
        case.escalated_at = None


def finish_case(db: Session, case: Case, *, now: datetime, note: str | None = None) -> None:
    """The case needs nobody any more. Raises `CaseDone`."""
    check_open(case)
    transition(db, case, CaseState.DONE, table=CASE, now=now, reason=_note(note))
    case.wait_until, case.updated_at = None, now


def check_open(case: Case) -> None:
    """Raise `CaseDone` for a case that is closed."""
    if case.state is CaseState.DONE:
        raise CaseDone("The case is done.", path=("id",), case_id=str(case.id))


def check_text(text: str) -> None:
    """Raise `InvalidCase` for a text nobody could read."""
    if not 1 <= len(text.strip()) <= 2000:
        raise InvalidCase("1 to 2,000 characters.", path=("text",))


def _note(note: str | None) -> str | None:
    if note is not None and len(note) > 500:
        raise InvalidCase("A note has at most 500 characters.", path=("note",))
    return note or None
