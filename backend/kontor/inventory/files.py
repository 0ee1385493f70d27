"""The columns of stock files: a line is a figure, booked as one of a call that sets stock levels."""

from collections.abc import Mapping, Sequence
from typing import Any

from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.imports import cells, fields
from kontor.imports.fields import Field
from kontor.imports.kinds import ImportKind, columns_of, register
from kontor.imports.saving import Draft, Outcome, RowResult, good, results_of
from kontor.inventory import counting
from kontor.inventory.counting import FigureOutcome, FigureResult, StockFigure
from kontor.inventory.errors import StaleFigure
from kontor.locations.models import StockKind

FIELDS: dict[str, Field] = {
    "location": Field(fields.code()),
    "sku": Field(fields.code()),
    "quantity": Field(fields.integer(0, counting.MAX_QUANTITY), read=cells.whole),
    "kind": Field(fields.choice(StockKind), empty=True),
    "as_of": Field(fields.moment, read=cells.moment, empty=True),
}


async def save_figures(db: Session, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
    """Book figures in pieces in the order given, one result per row; the ids are those of their places.

    A place that the principal may not see does not exist. A figure older than the last known one of its level is
    refused (STALE_FIGURE): whoever sends the file believes it to be true.
    """
    drafts = [_draft(index, row) for index, row in enumerate(rows)]
    booked = good(drafts)
    outcomes = await counting.set_stock_levels(db, [StockFigure(**draft.values) for draft in booked])
    for draft, outcome in zip(booked, outcomes, strict=True):
        _settle(draft, outcome)
    return results_of(drafts)


def _draft(index: int, row: Mapping[str, Any]) -> Draft:
    draft = Draft(index, f"{row.get('location') or ''}/{row.get('sku') or ''}"[:200])
    try:
        draft.values = fields.completed(fields.checked(row, FIELDS), FIELDS)
    except KontorError as problem:
        draft.refuse(problem)
    return draft


def _settle(draft: Draft, outcome: FigureOutcome) -> None:
    draft.id = outcome.key[0] if outcome.key else None
    if outcome.refusal is not None:
        outcome.refusal.path = outcome.refusal.path[2:]  # it names the figure's place in the call
        draft.refuse(outcome.refusal)
    elif outcome.result is FigureResult.STALE:
        draft.refuse(StaleFigure("A newer figure is known.", path=("asOf",)))
    elif outcome.result is FigureResult.APPLIED:
        draft.outcome = Outcome.UPDATED


register(
    ImportKind(
        "stock",
        Permission.STOCK_WRITE,
        columns_of(FIELDS),
        save_figures,
        needed=[["location"], ["sku"], ["quantity"]],
        noun="location",
    )
)
