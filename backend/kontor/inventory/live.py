"""Ask the systems of places that know their stock themselves, shortly before it is promised.

The level is the cache that all processes share: a figure that is young enough is not asked for again. A system that
fails is left alone for a while; until it answers the last known figure counts, and the answer says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import structlog

from kontor.catalog.models import ProductVariant
from kontor.core.db import chunks
from kontor.core.errors import Unavailable
from kontor.core.principal import Principal, PrincipalKind
from kontor.inventory.counting import FigureResult, StockFigure, set_stock_levels
from kontor.inventory.models import StockLevel
from kontor.inventory.ports import LiveFigure, LiveStock
from kontor.locations.models import StockLocation

if TYPE_CHECKING:
    from kontor.core.db import Database
    from kontor.core.ports import Ports

log = structlog.get_logger("kontor.stock")
YOUNG = timedelta(seconds=10)
TIME_LIMIT = 0.3
"""Seconds a system has for its answer."""
LEFT_ALONE = 5.0
"""Seconds a system that failed is not asked again by this process."""
ASKER = Principal(PrincipalKind.SYSTEM, name="live stock")

_failed: WeakKeyDictionary[Database, dict[UUID, float]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """What came of asking: pieces of news booked, and the places whose last known figure has to do."""

    booked: int = 0
    unanswered: frozenset[UUID] = frozenset()


@dataclass(slots=True)
class _Question:
    location_id: UUID
    code: str
    system: str
    skus: list[str] = field(default_factory=list)


async def refresh_live(
    database: Database, ports: Ports, location_ids: Iterable[UUID], variant_ids: Iterable[UUID]
) -> LiveAnswer:
    """Bring the levels of places with a live system up to date; call it outside of every transaction.

    All systems are asked at once, none longer than 0.3 s. Never raises for a system that is away.
    """
    questions = await _questions(database, sorted(set(location_ids)), sorted(set(variant_ids)))
    if not questions:
        return LiveAnswer()
    silent = _failed.setdefault(database, {})
    asked = [each for each in questions if silent.get(each.location_id, 0.0) <= monotonic()]
    answers = await asyncio.gather(*[_ask(ports, each) for each in asked])
    unanswered = {each.location_id for each in questions} - {each.location_id for each in asked}
    figures: list[StockFigure] = []
    for question, answer in zip(asked, answers, strict=True):
        if answer is None:
            silent[question.location_id] = monotonic() + LEFT_ALONE
            unanswered.add(question.location_id)
        else:
            silent.pop(question.location_id, None)
            figures += [StockFigure(question.code, each.sku, each.quantity, None, each.as_of) for each in answer]
    return LiveAnswer(await _book(database, figures), frozenset(unanswered))


async def _questions(database: Database, location_ids: Sequence[UUID], variant_ids: Sequence[UUID]) -> list[_Question]:
    """What is not known well enough, by place."""
    found: dict[UUID, _Question] = {}
    async with database.read_only() as db:
        for places in chunks(location_ids):
            live = await db.execute(
                sa.select(StockLocation.id, StockLocation.code, StockLocation.live_stock).where(
                    StockLocation.id.in_(places), StockLocation.live_stock.is_not(None), StockLocation.active
                )
            )
            found.update({row.id: _Question(row.id, row.code, row.live_stock) for row in live})
        for part in chunks(variant_ids) if found else ():
            young = sa.select(StockLevel.location_id, StockLevel.variant_id).where(
                StockLevel.variant_id.in_(part), StockLevel.as_of > db.now - YOUNG
            )
            known = {(row.location_id, row.variant_id) for row in await db.execute(young)}
            skus = sa.select(ProductVariant.id, ProductVariant.sku).where(ProductVariant.id.in_(part))
            for variant_id, sku in await db.execute(skus.where(sa.not_(ProductVariant.bundle))):
                for question in found.values():
                    if (question.location_id, variant_id) not in known:
                        question.skus.append(sku)
    return [question for question in found.values() if question.skus]


async def _ask(ports: Ports, question: _Question) -> Sequence[LiveFigure] | None:
    """The answer of one system; None when there is none in time."""
    try:
        port: LiveStock = ports.get(LiveStock, question.system)  # type: ignore[type-abstract]
        async with asyncio.timeout(TIME_LIMIT):
            answer = await port.read(question.code, question.skus)
    except (Unavailable, TimeoutError) as problem:
        log.warning("live stock is away", system=question.system, location=question.code, error=repr(problem))
        return None
    wanted = set(question.skus)
    return [each for each in answer if each.sku in wanted]


async def _book(database: Database, figures: Sequence[StockFigure]) -> int:
    if not figures:
        return 0
    outcomes = await database.in_unit(ASKER, lambda db: set_stock_levels(db, figures, reason="live"))
    for outcome in outcomes:
        if outcome.refusal is not None:
            log.warning("live stock figure refused", code=outcome.refusal.code, error=outcome.refusal.message)
    return sum(1 for outcome in outcomes if outcome.result in (FigureResult.APPLIED, FigureResult.UNCHANGED))
