"""Orders that found no place, or no code, for some of their pieces: somebody's case until they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.core.db import Session
from kontor.fulfillment.sourcing import Sourced
from kontor.orders import queries as orders

KINDS = (CaseKind.UNALLOCATED, CaseKind.CODES_MISSING)


def short_of(sourced: Mapping[UUID, Sourced]) -> dict[UUID, Sourced]:
    """Those that lack pieces or codes. Pure."""
    return {order_id: found for order_id, found in sourced.items() if found.missing or found.missing_codes}


async def raise_cases(db: Session, short: Mapping[UUID, Sourced]) -> None:
    """Open the cases of orders that lack something; pieces that are promised from goods to come are no case."""
    cases = []
    lines = await orders.lines_of(db, short)
    for order_id, found in short.items():
        if found.missing_codes:
            cases.append(NewCase(CaseKind.CODES_MISSING, str(order_id), order_id, {"codes": found.missing_codes}))
        missing = [
            {"line_id": str(line.id), "quantity": line.unallocated}
            for line in lines[order_id]
            if line.kind == "PHYSICAL" and line.unallocated
        ]
        if found.missing and missing:
            cases.append(NewCase(CaseKind.UNALLOCATED, str(order_id), order_id, {"lines": missing}))
    await care.open_cases(db, cases, now=db.now)


async def settle_cases(db: Session, order_ids: Iterable[UUID]) -> None:
    """End the cases of orders that lack nothing any more."""
    await care.settle_cases(db, [(kind, str(order_id)) for order_id in order_ids for kind in KINDS], now=db.now)
