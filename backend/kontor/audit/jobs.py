"""The nightly audit."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from prometheus_client import Gauge

from kontor.audit.comparing import Difference
from kontor.audit.running import differences
from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item

log = structlog.get_logger("kontor.audit")
FOUND = Gauge("kontor_audit_differences", "What did not hold at the last audit", ["invariant"])
INVARIANTS = range(1, 11)
SHOWN = 20


@job("audit.nightly", every=timedelta(days=1))
async def nightly(ctx: JobContext, items: Sequence[Item]) -> None:
    """Recompute every invariant; what does not hold is alerted by a case for operations, a gauge and log lines.

    When all is well again the case is settled by itself.
    """
    if ctx.runtime.settings.simulated_clock:
        return  # a replay goes through hundreds of nights in minutes and audits once, at its end
    found = await differences(ctx.database)
    for number in INVARIANTS:
        FOUND.labels(str(number)).set(sum(1 for each in found if each.invariant == number))
    for each in found[:SHOWN]:
        log.error("audit difference", invariant=each.invariant, difference=str(each))
    async with ctx.claim(*items) as (db, mine):
        if mine and found:
            await care.open_case(db, NewCase(CaseKind.DIFFERENCES, "audit", facts=_facts(found)), now=db.now)
        elif mine:
            await care.settle_cases(db, [(CaseKind.DIFFERENCES, "audit")], now=db.now)


def _facts(found: Sequence[Difference]) -> dict[str, object]:
    return {"count": len(found), "first": [str(each) for each in found[:SHOWN]]}
