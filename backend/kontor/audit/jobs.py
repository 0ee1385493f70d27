"""The nightly audit, check by check: however long all of them take, each is a job of its own, none is begun again."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Gauge

from kontor.audit import running
from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.core.jobs import MAX_ATTEMPTS, JobContext, job
from kontor.core.outbox import Item, schedule

log = structlog.get_logger("kontor.audit")
FOUND = Gauge("kontor_audit_differences", "What did not hold at the last audit", ["invariant"])
INVARIANTS = range(1, 11)
SHOWN = 20
LONGEST_CHECK_SECONDS = 540.0
"""Less than a worker gives to a job: a check that takes longer is named and left out, so that the others are made."""


@job("audit.nightly", every=timedelta(days=1))
async def nightly(ctx: JobContext, items: Sequence[Item]) -> None:
    """Begin to recompute every invariant; what does not hold is alerted at the end."""
    if ctx.runtime.settings.simulated_clock:
        return  # a replay goes through hundreds of nights in minutes and audits once, at its end
    async with ctx.claim(*items) as (db, mine):
        if mine:
            _go_on(db, {"night": utc_day(db.now).isoformat(), "position": 0, "counts": {}, "first": [], "unmade": []})


def _go_on(db: Session, args: dict[str, Any]) -> None:
    schedule(db, "audit.check", args, unique_key=f"audit/{args['night']}")


@job("audit.check", max_attempts=MAX_ATTEMPTS)
async def check(ctx: JobContext, items: Sequence[Item]) -> None:
    """Make the check at `position`, then the next one; `counts` by invariant, `first` and `unmade` are what is known
    so far. After the last check, what was found is a case for operations, a gauge and log lines.

    A check that fails at its last attempt is named, and the others are made. When all is well again the case is
    settled by itself.
    """
    for item in items:
        args = await _make(ctx, dict(item.args), last=item.attempts + 1 >= MAX_ATTEMPTS)
        async with ctx.claim(item) as (db, mine):
            if not mine:
                continue
            if args["position"] < len(running.CHECKS):
                _go_on(db, args)
            else:
                await _tell(db, args)


async def _make(ctx: JobContext, args: dict[str, Any], *, last: bool) -> dict[str, Any]:
    """The check at hand; what is known then. Raises what keeps it from being made, unless this is the `last` try."""
    made = running.CHECKS[args["position"]]
    counts, first, unmade = dict(args["counts"]), list(args["first"]), list(args["unmade"])
    try:
        async with asyncio.timeout(LONGEST_CHECK_SECONDS) as deadline:
            found = await running.of_checks(ctx.database, (made,))
    except Exception:
        # A database that does not answer in time is another matter than a check that takes all of its time.
        if not (last or deadline.expired()):
            raise
        found = []
        unmade.append(made.__name__)
        log.exception("audit check left out", check=made.__name__, too_long=deadline.expired())
    for each in found:
        counts[str(each.invariant)] = counts.get(str(each.invariant), 0) + 1
    for each in found[: SHOWN - len(first)]:
        log.error("audit difference", invariant=each.invariant, difference=str(each))
        first.append(str(each))
    return {**args, "position": args["position"] + 1, "counts": counts, "first": first, "unmade": unmade}


async def _tell(db: Session, args: dict[str, Any]) -> None:
    for number in INVARIANTS:
        FOUND.labels(str(number)).set(args["counts"].get(str(number), 0))
    # A case that is open already keeps the facts nobody names anew.
    facts = {"count": sum(args["counts"].values()), "first": args["first"], "unmade": args["unmade"]}
    if facts["count"] or facts["unmade"]:
        await care.open_case(db, NewCase(CaseKind.DIFFERENCES, "audit", facts=facts), now=db.now)
    else:
        await care.settle_cases(db, [(CaseKind.DIFFERENCES, "audit")], now=db.now)
