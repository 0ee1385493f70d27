"""Jobs of banking: write the files of payouts, fetch what gateways paid out and compare it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID

import structlog

from kontor.banking import arriving, gateway_queries, payouts, reconciling, suspense
from kontor.banking.models import GatewayAccount, PayoutFile
from kontor.core.errors import Conflict, InvalidInput, KontorError
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.core.principal import SYSTEM
from kontor.documents import service as documents
from kontor.documents.ports import DocumentStore
from kontor.payments.ports import PaymentGateway, PayoutGateway

_log = structlog.get_logger(__name__)


@job("banking.write_payout_file", queue="finance")
async def write_payout_file(ctx: JobContext, items: Sequence[Item]) -> None:
    """Write and keep the file of a payout: `file_id`."""
    for item in items:
        async with ctx.database.read_only() as db:
            document, digest = await payouts.document_of(db, UUID(item.args["file_id"]))
        await documents.put(ctx.ports.get(DocumentStore), document)  # type: ignore[type-abstract]
        async with ctx.claim(item) as (db, mine):
            if mine:
                [document_id] = await documents.add_all(db, [document], now=db.now)
                file = await db.get_one(PayoutFile, UUID(item.args["file_id"]), with_for_update=True)
                file.document_id, file.sha256 = document_id, digest


@job("banking.fetch_payouts", queue="finance", every=timedelta(hours=6))
async def fetch_payouts(ctx: JobContext, items: Sequence[Item]) -> None:
    """Fetch what gateways have paid out since the last time, each payout in a unit of work of its own.

    A gateway that cannot be asked does not keep the others from being asked; it is asked again the next time. So is one
    of whose payouts one was refused; the others of it are taken in.
    """
    async with ctx.database.read_only(SYSTEM) as db:
        accounts = [each for each in await gateway_queries.accounts(db) if each.fetch]
    for account in accounts:
        try:
            await _fetch(ctx, account)
        except KontorError as problem:
            _log.warning("payouts not fetched", gateway=account.gateway, code=problem.code, message=problem.message)
    async with ctx.claim(*items) as (db, mine):
        if mine:
            for account in await gateway_queries.accounts(db):
                await reconciling.note_missing(db, account, now=db.now)
            await db.flush()
            await arriving.find_arrivals(db, now=db.now)


async def _fetch(ctx: JobContext, account: GatewayAccount) -> None:
    gateway = ctx.ports.get(PaymentGateway, account.gateway)  # type: ignore[type-abstract]
    if not gateway.abilities.payouts:
        return
    source = cast(PayoutGateway, gateway)
    async with ctx.database.read_only(SYSTEM) as db:
        now = db.now
    refused = False
    for sent in await source.payouts(since=reconciling.since_of(account, now)):
        async with ctx.database.read_only(SYSTEM) as db:
            known = await gateway_queries.find_payout(db, account.gateway, sent.reference)
        if known is None:
            lines = await source.payout_lines(sent.reference)
            try:
                async with ctx.database.unit_of_work(SYSTEM) as db:
                    entity_id = account.legal_entity_id
                    await reconciling.import_payout(db, entity_id, account.gateway, sent, lines, now=db.now)
            except (Conflict, InvalidInput) as problem:
                refused = True
                _log.warning(
                    "payout not taken in", gateway=account.gateway, payout=sent.reference, code=problem.code,
                    message=problem.message, facts=problem.params,
                )  # fmt: skip
    if refused:
        return
    async with ctx.database.unit_of_work(SYSTEM) as db:
        fresh = await db.get_one(GatewayAccount, account.id, with_for_update=True)
        fresh.fetched_at = fresh.updated_at = now


@job("banking.suspend", queue="finance", every=timedelta(hours=1))
async def suspend(ctx: JobContext, items: Sequence[Item]) -> None:
    """Book what nobody has explained of our bank accounts, a few hundred movements in a unit of work of their own."""
    while True:
        async with ctx.database.unit_of_work(SYSTEM) as db:
            count = await suspense.suspend(db, now=db.now)
        if count < suspense.AT_ONCE:
            break
