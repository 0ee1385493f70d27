"""Jobs of carriers: the intent is committed, the carrier is called, the outcome is committed with the job's own end."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from kontor.carriers import outcomes, queries, service
from kontor.carriers.models import CarrierAccount, CarrierLabel
from kontor.carriers.ports import (
    Carrier,
    CarrierOutcomeUnknown,
    CarrierUnavailable,
    Done,
    LabelRequest,
    Made,
    Refused,
)
from kontor.carriers.service import CANCEL, CLOSE_OUT, REQUEST, open_labels
from kontor.carriers.states import LabelState
from kontor.channels.branding import logos_of_papers
from kontor.channels.models import LegalEntity
from kontor.core.db import Session
from kontor.core.errors import Unavailable
from kontor.core.jobs import JobContext, RetryLater, job
from kontor.core.outbox import Item
from kontor.documents import service as documents
from kontor.documents.formatting import texts
from kontor.documents.frozen import address_of, brand_of
from kontor.documents.ports import DocumentStore
from kontor.documents.service import NewDocument
from kontor.orders.models import Order

_log = structlog.get_logger(__name__)
S = LabelState
PATIENT = 300
"""Attempts before a job is given up: a carrier may be away for a day and more."""
ASK_AGAIN = timedelta(seconds=30)
CLOSED_AT_ONCE = 30
TRACKED_AT_ONCE = 50


@job(REQUEST, queue="carriers", max_attempts=PATIENT)
async def request(ctx: JobContext, items: Sequence[Item]) -> None:
    """Order a label: `label_id`. What may have been ordered before is looked for first."""
    for item in items:
        label_id = UUID(item.args["label_id"])
        async with ctx.database.unit_of_work() as db:
            label = await queries.lock_label(db, label_id)
            if label.state is not S.REQUESTED:
                continue
            before, label.called_at = label.called_at, label.called_at or db.now
            account, asked = await _request(db, label)
        carrier = ctx.ports.get(Carrier, account.adapter)  # type: ignore[type-abstract]
        outcome = await _order(carrier, asked, fresh=before is None)
        if isinstance(outcome, CarrierUnavailable):
            await _uncalled(ctx, label_id, first=before is None)
            raise RetryLater(_delay(outcome), str(outcome))
        if isinstance(outcome, CarrierOutcomeUnknown) and (carrier.abilities.findable or carrier.abilities.repeatable):
            raise RetryLater(ASK_AGAIN, "the outcome is not known")
        if isinstance(outcome, Made):
            await _keep(ctx, item, label_id, asked, outcome, tracks=carrier.abilities.tracks)
            continue
        async with ctx.claim(item) as (db, mine):
            if mine and isinstance(outcome, Refused):
                await outcomes.end_refused(db, label_id, outcome, now=db.now)
            elif mine:
                await outcomes.end_unknown(db, label_id, now=db.now)


async def _order(
    carrier: Carrier, asked: LabelRequest, *, fresh: bool
) -> Made | Refused | CarrierUnavailable | CarrierOutcomeUnknown:
    try:
        if not fresh and carrier.abilities.findable:
            found = await carrier.find_label(asked)
            if found is not None:
                return found
        elif not fresh and not carrier.abilities.repeatable:
            return CarrierOutcomeUnknown("The label may have been ordered before.")
        return await carrier.make_label(asked)
    except (CarrierUnavailable, CarrierOutcomeUnknown) as problem:
        return problem


def _delay(problem: Unavailable) -> timedelta:
    seconds = problem.params.get("retry_after")
    return timedelta(seconds=min(3600.0, float(seconds))) if seconds else ASK_AGAIN


async def _uncalled(ctx: JobContext, label_id: UUID, *, first: bool) -> None:
    """The first call was surely not read: the next one is as good as the first."""
    if first:
        async with ctx.database.unit_of_work() as db:
            (await queries.lock_label(db, label_id)).called_at = None


async def _request(db: Session, label: CarrierLabel) -> tuple[CarrierAccount, LabelRequest]:
    account = await db.get_one(CarrierAccount, label.account_id)
    asked: dict[str, Any] = label.asked
    brand, words = asked["brand"], texts(asked["language"])
    logos = await logos_of_papers(db, [brand])
    logo = logos.get(brand.get("id", ""), "")
    if not logo and brand.get("entity"):
        logo = await db.scalar(sa.select(LegalEntity.logo_svg).where(LegalEntity.id == UUID(brand["entity"]))) or ""
    index, count = asked["parcel"]
    facts = [(words["order_number"], asked["order_number"])]
    facts.append((words["parcels"], words["parcel_of"].format(index=index, count=count)))
    if asked["weight_g"]:
        facts.append((words["weight"], f"{asked['weight_g']} g"))
    return account, LabelRequest(
        reference=label.reference,
        settings=asked["settings"],
        carrier=asked["carrier"],
        sender=address_of(asked["sender"]),
        recipient=address_of(asked["recipient"]),
        weight_g=asked["weight_g"],
        order_number=asked["order_number"],
        language=asked["language"],
        asked_on=date.fromisoformat(asked["asked_on"]),
        size_mm=(asked["size_mm"][0], asked["size_mm"][1]),
        number=label.tracking_number or "",
        sscc=asked["sscc"],
        brand=brand_of(brand, logo),
        facts=tuple(facts),
    )


async def _keep(
    ctx: JobContext, item: Item, label_id: UUID, asked: LabelRequest, made: Made, *, tracks: bool
) -> None:  # fmt: skip
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    async with ctx.database.read_only() as db:
        label = await db.get_one(CarrierLabel, label_id)
        order = await db.scalar(sa.select(Order).where(Order.number == asked.order_number))
    new = NewDocument(
        kind="SHIPPING_LABEL",
        number=made.tracking_number[:60],
        key=f"papers/shipping-labels/{label_id}.pdf",
        data=made.label,
        order_id=order.id if order else None,
        subject_id=label.fulfillment_order_id,
        channel_id=order.channel_id if order else None,
        customer_id=order.customer_id if order else None,
        language=asked.language,
    )
    await documents.put(store, new)
    async with ctx.claim(item) as (db, mine):
        if mine:
            [document_id] = await documents.add_all(db, [new], now=db.now)
            await outcomes.end_made(db, label_id, made, document_id, tracks=tracks, now=db.now)


@job(CANCEL, queue="carriers", max_attempts=PATIENT)
async def cancel(ctx: JobContext, items: Sequence[Item]) -> None:
    """Take a label back with its carrier: `label_id`. Asking twice is harmless."""
    for item in items:
        label_id = UUID(item.args["label_id"])
        async with ctx.database.read_only() as db:
            label = await db.get_one(CarrierLabel, label_id)
            account, asked = await _request(db, label)
        if label.state is not S.CANCELING:
            continue
        carrier = ctx.ports.get(Carrier, account.adapter)  # type: ignore[type-abstract]
        try:
            outcome = await carrier.cancel_label(asked, label.tracking_number or "")
        except CarrierUnavailable as problem:
            raise RetryLater(_delay(problem), str(problem)) from None
        except CarrierOutcomeUnknown as problem:
            raise RetryLater(ASK_AGAIN, str(problem)) from None
        async with ctx.claim(item) as (db, mine):
            if mine:
                await outcomes.end_cancel(db, label_id, outcome, now=db.now)


@job("carriers.take_back", queue="carriers")
async def take_back(ctx: JobContext, items: Sequence[Item]) -> None:
    """Goods left in other parcels than those they were packed in: the labels of these are not used."""
    for item in items:
        async with ctx.claim(item) as (db, mine):
            if mine:
                voided = [UUID(parcel_id) for parcel_id in item.args["parcel_ids"]]
                await service.take_back_voided(db, voided, now=db.now)


@job(CLOSE_OUT, queue="carriers", max_attempts=PATIENT)
async def close_out(ctx: JobContext, items: Sequence[Item]) -> None:
    """Announce the parcels of an account that were handed over: `account_id`. Announced before is announced."""
    for item in items:
        async with ctx.database.read_only() as db:
            account = await db.get_one(CarrierAccount, UUID(item.args["account_id"]))
            ids = list(await db.scalars(open_labels(account.id)))
            rows = list(await db.scalars(sa.select(CarrierLabel).where(CarrierLabel.id.in_(ids))))
        carrier = ctx.ports.get(Carrier, account.adapter)  # type: ignore[type-abstract]
        numbers = sorted(row.tracking_number for row in rows if row.tracking_number)
        answers: dict[str, Done | Refused] = {}
        for start in range(0, len(numbers), CLOSED_AT_ONCE):
            part = numbers[start : start + CLOSED_AT_ONCE]
            try:
                answers |= (
                    await carrier.close_out(account.settings, part)
                    if carrier.abilities.closes_out
                    else dict.fromkeys(part, Done())
                )
            except CarrierUnavailable as problem:
                raise RetryLater(_delay(problem), str(problem)) from None
            except CarrierOutcomeUnknown as problem:
                raise RetryLater(ASK_AGAIN, str(problem)) from None
        async with ctx.claim(item) as (db, mine):
            if mine:
                await outcomes.note_closed(db, account.id, answers, now=db.now)


@job("carriers.track", queue="carriers", every=timedelta(minutes=15))
async def track(ctx: JobContext, items: Sequence[Item]) -> None:
    """Ask carriers where parcels are; one that does not answer is asked again next time, after all others.

    Labels of a carrier that tells nothing are not asked about any more: the due ones would fill every run.
    """
    async with ctx.database.read_only() as db:
        due = (await db.execute(outcomes.due_for_tracking(db.now).limit(TRACKED_AT_ONCE))).all()
        accounts = await queries.accounts_by_id(db, [row.account_id for row in due])
    away: set[UUID] = set()
    silent: set[UUID] = set()
    for row in due:
        account = accounts[row.account_id]
        if account.id in away | silent:
            continue
        try:
            carrier = ctx.ports.get(Carrier, account.adapter)  # type: ignore[type-abstract]
            if not carrier.abilities.tracks:
                silent.add(account.id)
                continue
            news = await carrier.track(row.tracking_number)
        except (Unavailable, CarrierOutcomeUnknown) as problem:
            _log.info("a carrier tells nothing of parcels", carrier=account.code, error=str(problem))
            away.add(account.id)
            continue
        async with ctx.database.unit_of_work() as db:
            await outcomes.note_tracking(db, row.id, news, now=db.now)
    for account_id in sorted(away | silent):
        async with ctx.database.unit_of_work() as db:
            if account_id in silent:
                await outcomes.track_no_more(db, account_id)
            else:
                await outcomes.ask_later(db, account_id, now=db.now)
