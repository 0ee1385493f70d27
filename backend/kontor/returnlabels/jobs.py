"""Jobs of return labels: the intent is committed, the carrier called, the outcome committed with the job's end."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from kontor.carriers.models import CarrierAccount
from kontor.carriers.ports import (
    Carrier,
    CarrierOutcomeUnknown,
    CarrierUnavailable,
    LabelRequest,
    Made,
    Refused,
)
from kontor.channels.branding import logos_of_papers
from kontor.channels.models import LegalEntity
from kontor.core.db import Session
from kontor.core.jobs import JobContext, RetryLater, job
from kontor.core.outbox import Item
from kontor.core.ports import Ports
from kontor.documents import service as documents
from kontor.documents.formatting import texts
from kontor.documents.frozen import address_of, brand_of
from kontor.documents.ports import DocumentStore
from kontor.documents.service import NewDocument
from kontor.orders.models import Order
from kontor.returnlabels import queries, service
from kontor.returnlabels.errors import NoReturnCarrier, ReturnLabelNotWanted
from kontor.returnlabels.models import ReturnLabel
from kontor.returnlabels.service import REQUEST, TAKE_BACK
from kontor.returnlabels.states import ReturnLabelState
from kontor.returns.service import NOTHING_CAME

S = ReturnLabelState
PATIENT = 300
"""Attempts before a job is given up: a carrier may be away for a day and more."""
ASK_AGAIN = timedelta(seconds=30)
log = structlog.get_logger("kontor.returnlabels")


def own_numbers(ports: Ports) -> dict[str, bool]:
    """By adapter, whether tracking numbers are ours to give."""
    return {name: ports.get(Carrier, name).abilities.own_numbers for name in ports.names(Carrier)}  # type: ignore[type-abstract]


@job("returnlabels.want", batch=20)
async def want(ctx: JobContext, items: Sequence[Item]) -> None:
    """An approved return gets a label where an account of its place gives labels for returns."""
    own = own_numbers(ctx.ports)
    async with ctx.claim(*items) as (db, mine):
        for item in sorted(mine, key=lambda each: str(each.args["return_id"])):
            try:
                await service.want_label(db, UUID(item.args["return_id"]), own_numbers=own, now=db.now)
            except (NoReturnCarrier, ReturnLabelNotWanted) as none:
                log.debug("no label", return_id=item.args["return_id"], code=none.code)


@job(REQUEST, queue="carriers", max_attempts=PATIENT)
async def request(ctx: JobContext, items: Sequence[Item]) -> None:
    """Order a label: `label_id`. What may have been ordered before is looked for first.

    A return may be over before its carrier answers: then nothing is ordered, and what was ordered is taken back.
    """
    for item in items:
        label_id = UUID(item.args["label_id"])
        async with ctx.database.unit_of_work() as db:
            _, found, label = await service.lock_whole(db, label_id)
            if label.state is not S.REQUESTED:
                continue
            if service.is_needless(label, found):
                service.give_up(db, label, now=db.now)
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
            await _keep(ctx, item, label_id, asked, outcome)
            continue
        async with ctx.claim(item) as (db, mine):
            if mine:
                refused = outcome if isinstance(outcome, Refused) else None
                await service.end_failed(db, label_id, refused, now=db.now)


@job(TAKE_BACK, queue="carriers", max_attempts=PATIENT)
async def take_back(ctx: JobContext, items: Sequence[Item]) -> None:
    """A return was canceled: `return_id`. Its label is taken back with the carrier; asking twice is harmless.

    Not where nothing came in time: who sent the goods on the last day has a label that holds.
    """
    for item in items:
        async with ctx.database.read_only() as db:
            label = await queries.label_of(db, UUID(str(item.args["return_id"])))
            made = label is not None and label.state is S.CREATED and "sender" in label.asked
            if label is None or not made or item.args.get("reason") == NOTHING_CAME:
                continue
            account, asked = await _request(db, label)
        carrier = ctx.ports.get(Carrier, account.adapter)  # type: ignore[type-abstract]
        try:
            outcome = await carrier.cancel_label(asked, label.tracking_number or "")
        except CarrierUnavailable as problem:
            raise RetryLater(_delay(problem), str(problem)) from None
        except CarrierOutcomeUnknown as problem:
            raise RetryLater(ASK_AGAIN, str(problem)) from None
        async with ctx.claim(item) as (db, mine):
            if mine:
                await service.end_taken_back(db, label.id, outcome, now=db.now)


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


def _delay(problem: CarrierUnavailable) -> timedelta:
    seconds = problem.params.get("retry_after")
    return timedelta(seconds=min(3600.0, float(seconds))) if seconds else ASK_AGAIN


async def _uncalled(ctx: JobContext, label_id: UUID, *, first: bool) -> None:
    """The first call was surely not read: the next one is as good as the first."""
    if first:
        async with ctx.database.unit_of_work() as db:
            (await queries.lock_label(db, label_id)).called_at = None


async def _request(db: Session, label: ReturnLabel) -> tuple[CarrierAccount, LabelRequest]:
    account = await db.get_one(CarrierAccount, label.account_id)
    asked: dict[str, Any] = label.asked
    brand, words = asked["brand"], texts(asked["language"])
    logos = await logos_of_papers(db, [brand])
    logo = logos.get(brand.get("id", ""), "")
    if not logo and brand.get("entity"):
        logo = await db.scalar(sa.select(LegalEntity.logo_svg).where(LegalEntity.id == UUID(brand["entity"]))) or ""
    facts = [(words["rma_number"], asked["rma_number"]), (words["order_number"], asked["order_number"])]
    return account, LabelRequest(
        reference=label.reference, settings=asked["settings"], carrier=asked["carrier"],
        sender=address_of(asked["sender"]), recipient=address_of(asked["recipient"]), weight_g=asked["weight_g"],
        order_number=asked["order_number"], language=asked["language"], asked_on=date.fromisoformat(asked["asked_on"]),
        size_mm=(asked["size_mm"][0], asked["size_mm"][1]), number=label.tracking_number or "",
        brand=brand_of(brand, logo), facts=tuple(facts),
    )  # fmt: skip


async def _keep(ctx: JobContext, item: Item, label_id: UUID, asked: LabelRequest, made: Made) -> None:
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    async with ctx.database.read_only() as db:
        label = await db.get_one(ReturnLabel, label_id)
        order = await db.scalar(sa.select(Order).where(Order.number == asked.order_number))
    new = NewDocument(
        kind="RETURN_LABEL",
        number=made.tracking_number[:60],
        key=f"papers/return-labels/{label_id}-{label.reference}.pdf",
        data=made.label,
        order_id=order.id if order else None,
        subject_id=label.return_id,
        channel_id=order.channel_id if order else None,
        customer_id=order.customer_id if order else None,
        language=asked.language,
    )
    await documents.put(store, new)
    async with ctx.claim(item) as (db, mine):
        if mine:
            [document_id] = await documents.add_all(db, [new], now=db.now)
            await service.end_made(db, label_id, made, document_id, now=db.now)
