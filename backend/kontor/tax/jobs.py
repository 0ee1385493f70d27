"""Jobs of tax: ask registers about VAT ids, outside of any transaction."""

from collections.abc import Sequence
from datetime import timedelta

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.tax import checking
from kontor.tax.checking import Question
from kontor.tax.errors import RegisterAway
from kontor.tax.ports import RegisterAnswer, VatRegister


@job(checking.JOB, batch=1)
async def check_vat_id(ctx: JobContext, items: Sequence[Item]) -> None:
    """Note a VAT id and ask its register: `number`, `requester` and `asked_by`. Without a register it is only noted."""
    for item in items:
        asked = Question(item.args["number"], item.args.get("requester"), item.args["asked_by"])
        if not ctx.ports.names(VatRegister):
            async with ctx.claim(item) as (db, mine):
                for _ in mine:
                    await checking.note_vat_id(db, asked.number, requester=asked.requester, now=db.now)
            continue
        await _ask(ctx, item, asked)


async def _ask(ctx: JobContext, item: Item, asked: Question) -> None:
    register = ctx.ports.get(VatRegister)  # type: ignore[type-abstract]
    answer: RegisterAnswer | None = None
    reason = None
    try:
        answer = await register.check(asked.number, requester=asked.requester)
    except RegisterAway as away:
        reason = str(away.params.get("reason") or away.code)
    again = timedelta(days=ctx.runtime.settings.vat_recheck_days)
    async with ctx.claim(item) as (db, mine):
        for _ in mine:
            await checking.keep_answer(db, asked, answer, register=register.name, again=again, reason=reason)


@job("tax.recheck_vat_ids", every=timedelta(hours=1))
async def recheck_vat_ids(ctx: JobContext, items: Sequence[Item]) -> None:
    """Ask again where the last answer is older than `KONTOR_VAT_RECHECK_DAYS`, or where there was none."""
    async with ctx.claim(*items) as (db, mine):
        if mine and ctx.ports.names(VatRegister):
            await checking.ask_about_due(db, now=db.now)
