"""Stock: what there is, what can be promised, and every way to change it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import strawberry
from strawberry.types.nodes import SelectedField

from kontor.api.graphql.availability_types import Availability, AvailabilityItemInput, DestinationInput
from kontor.api.graphql.context import Info
from kontor.api.graphql.inventory_types import (
    InboundStock,
    InboundStockFilter,
    InboundStockPayload,
    InboundStockResult,
    InboundStockSort,
    Reservation,
    ReservationPayload,
    ReservationResult,
    ReservationsFilter,
    ReservationsSort,
    SetStockLevelsPayload,
    SetStockLevelsResult,
    StockFigureInput,
    StockFreshness,
    StockLevel,
    StockLevelPayload,
    StockLevelResult,
    StockLevelsFilter,
    StockLevelSort,
    StockMovement,
    StockMovementsFilter,
    StockMovementsSort,
)
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.inventory import counting, freshness, inbound, live, models, offering, queries, reservations, service
from kontor.inventory.allocating import Key
from kontor.inventory.counting import FigureOutcome
from kontor.inventory.inbound import InboundInput
from kontor.inventory.reservations import Wish
from kontor.routing import masters, promise

MAY_RESERVE = (Permission.STOCK_WRITE, Permission.ORDERS_PLACE)


@strawberry.type
class InventoryQuery:
    @strawberry.field(
        description="What can be promised of each article, when and from where; each as if it were asked alone.",
        extensions=[requires(Permission.AVAILABILITY_READ)],
    )
    async def availability(
        self,
        info: Info,
        channel: str,
        items: list[AvailabilityItemInput],
        destination: DestinationInput | None = None,
    ) -> list[Availability]:
        wanted = [item.value() for item in items]
        asked_for = _names(info)
        details = promise.Details(
            plan=bool(asked_for & {"parcels", "missing"}),
            sources="sources" in asked_for,
            pickups="pickups" in asked_for,
            day="earliestOn" in asked_for,
        )
        runtime, principal = info.context.runtime, info.context.principal

        async def ask(
            db: Session, known: masters.Masters, uncertain: frozenset[UUID] = frozenset()
        ) -> list[Availability]:
            where = destination.value() if destination else None
            answers = await promise.availability(
                db, wanted, channel=channel, destination=where, details=details, uncertain=uncertain, masters=known
            )
            return [Availability.of(answer) for answer in answers]

        async with runtime.database.read_only(principal, bare=True) as db:
            known = await masters.load(db)
            asked = promise.live_locations(known)
            if not asked:
                return await ask(db, known)
            variants = await promise.stocked_variants(db, wanted)
        news = await live.refresh_live(runtime.database, runtime.ports, asked, variants)
        async with runtime.database.read_only(principal, bare=True) as db:
            return await ask(db, known, news.unanswered)

    @strawberry.field(extensions=[requires(Permission.STOCK_READ)])
    async def stock_levels(
        self,
        info: Info,
        filter: StockLevelsFilter | None = None,
        sort: StockLevelSort = StockLevelSort.LOCATION,
        first: First = 50,
        after: After = None,
    ) -> Connection[StockLevel]:
        wanted = filter.value() if filter else queries.StockLevelFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_stock_levels(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, StockLevel.of)

    @strawberry.field(
        description="How fresh the stock of the places in scope is, or of the named ones.",
        extensions=[requires(Permission.STOCK_READ)],
    )
    async def stock_freshness(self, info: Info, locations: list[str] | None = None) -> StockFreshness:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await freshness.freshness(db, locations=locations)
        return StockFreshness(articles=found.articles, fresh=found.fresh, empty=found.empty, paused=found.paused)

    @strawberry.field(
        description="The ledger; the order of the rows never changes.",
        extensions=[requires(Permission.STOCK_READ)],
    )
    async def stock_movements(
        self,
        info: Info,
        filter: StockMovementsFilter | None = None,
        sort: StockMovementsSort = StockMovementsSort.AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[StockMovement]:
        wanted = filter.value() if filter else queries.StockMovementFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_stock_movements(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, partial(StockMovement.of, inside=info.context.principal.inside))

    @strawberry.field(description="Shops see those of their channels.", extensions=[requires(*MAY_RESERVE)])
    async def reservations(
        self,
        info: Info,
        filter: ReservationsFilter | None = None,
        sort: ReservationsSort = ReservationsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Reservation]:
        wanted = filter.value() if filter else queries.ReservationFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_reservations(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Reservation.of)

    @strawberry.field(description="Goods on their way.", extensions=[requires(Permission.STOCK_READ)])
    async def inbound_stock(
        self,
        info: Info,
        filter: InboundStockFilter | None = None,
        sort: InboundStockSort = InboundStockSort.EXPECTED_ON,
        first: First = 50,
        after: After = None,
    ) -> Connection[InboundStock]:
        wanted = filter.value() if filter else queries.InboundStockFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_inbound_stock(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, InboundStock.of)


@strawberry.type
class InventoryMutation:
    @strawberry.mutation(
        description="Book what places say they have, up to 10,000 figures; a bad row never harms the others.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def set_stock_levels(
        self, info: Info, figures: list[StockFigureInput], reason: str | None = None
    ) -> SetStockLevelsResult:
        rows = [figure.value() for figure in figures]

        async def work(db: Session) -> list[FigureOutcome]:
            return await counting.set_stock_levels(db, rows, reason=reason)

        async def again(db: Session, _ids: list[UUID]) -> list[FigureOutcome]:
            return await counting.repeated(db, rows)

        body = [rows, reason] if info.context.idempotency_key is not None else None
        outcomes = await change(info, work, body=body, targets=_places_of, again=again, details={"figures": len(rows)})
        return SetStockLevelsPayload.of(outcomes)

    @strawberry.mutation(
        description="Correct a level by some pieces; the ledger keeps reason and user.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def adjust_stock(self, info: Info, location: str, sku: str, delta: int, reason: str) -> StockLevelResult:
        async def work(db: Session) -> models.StockLevel:
            key, _ = await counting.adjust_stock(db, location, sku, delta=delta, reason=reason)
            return await _level(db, key)

        return await _level_changed(info, work, [location, sku, delta, reason])

    @strawberry.mutation(
        description="Never promise the last pieces of an article at a place.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def set_safety_stock(self, info: Info, location: str, sku: str, quantity: int) -> StockLevelResult:
        async def work(db: Session) -> models.StockLevel:
            return await service.set_safety_stock(db, location, sku, quantity=quantity)

        return await _level_changed(info, work, [location, sku, quantity])

    @strawberry.mutation(
        description="Promise nothing new of an article at a place until it is resumed; what is promised stays so.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def pause_article(self, info: Info, location: str, sku: str) -> StockLevelResult:
        async def work(db: Session) -> models.StockLevel:
            return await offering.pause_article(db, location, sku)

        return await _level_changed(info, work, [location, sku])

    @strawberry.mutation(
        description="Sell an article at a place again, with the safety stock it had.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def resume_article(self, info: Info, location: str, sku: str) -> StockLevelResult:
        async def work(db: Session) -> models.StockLevel:
            return await offering.resume_article(db, location, sku)

        return await _level_changed(info, work, [location, sku])

    @strawberry.mutation(
        description="Note where a place keeps an article; an empty text forgets it.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def set_shelf(self, info: Info, location: str, sku: str, shelf: str) -> StockLevelResult:
        async def work(db: Session) -> models.StockLevel:
            return await service.set_shelf(db, location, sku, shelf=shelf)

        return await _level_changed(info, work, [location, sku, shelf])

    @strawberry.mutation(
        description="Keep exactly this many pieces at a place for a channel; 0 keeps none.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def set_channel_reservation(
        self, info: Info, channel: str, location: str, sku: str, quantity: int
    ) -> ReservationResult:
        async def work(db: Session) -> models.Reservation:
            wish = Wish(await _channel(db, channel), location, sku, quantity)
            return await reservations.set_channel_reservation(db, wish)

        return await _reservation_changed(info, work, [channel, location, sku, quantity])

    @strawberry.mutation(
        description="Keep free pieces for a customer until a moment; the same call again changes nothing.",
        extensions=[requires(*MAY_RESERVE)],
    )
    async def reserve_stock(
        self,
        info: Info,
        channel: str,
        location: str,
        sku: str,
        quantity: int,
        reference: str,
        expires_at: datetime,
    ) -> ReservationResult:
        async def work(db: Session) -> models.Reservation:
            wish = Wish(await _channel(db, channel), location, sku, quantity)
            return await reservations.reserve_stock(db, wish, reference=reference, expires_at=expires_at)

        return await _reservation_changed(info, work, [channel, location, sku, quantity, reference, expires_at])

    @strawberry.mutation(description="Give up what a reservation still keeps.", extensions=[requires(*MAY_RESERVE)])
    async def release_reservation(self, info: Info, id: UUID) -> ReservationResult:
        async def work(db: Session) -> models.Reservation:
            return await reservations.release_reservation(db, id)

        return await _reservation_changed(info, work, [id])

    @strawberry.mutation(
        description="Expect goods, or change what was announced under the same reference.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def announce_inbound(
        self, info: Info, location: str, sku: str, reference: str, quantity: int, expected_on: date,
        sellable: bool = True,
    ) -> InboundStockResult:  # fmt: skip
        goods = InboundInput(location, sku, reference, quantity, expected_on, sellable)

        async def work(db: Session) -> models.InboundStock:
            return await inbound.announce_inbound(db, goods)

        return await _inbound_changed(info, work, goods)

    @strawberry.mutation(
        description="Book goods that have come; orders that wait for them get them first.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def receive_inbound(
        self, info: Info, id: UUID, quantity: int, final: bool = False, reason: str | None = None
    ) -> InboundStockResult:
        async def work(db: Session) -> models.InboundStock:
            return await inbound.receive_inbound(db, id, quantity, final=final, reason=reason)

        return await _inbound_changed(info, work, [id, quantity, final, reason])

    @strawberry.mutation(
        description="Give up what has not come; what orders were promised of it is unallocated again.",
        extensions=[requires(Permission.STOCK_WRITE)],
    )
    async def close_inbound(self, info: Info, id: UUID, reason: str = "") -> InboundStockResult:
        async def work(db: Session) -> models.InboundStock:
            return await inbound.close_inbound(db, id, reason=reason)

        return await _inbound_changed(info, work, [id, reason])


def _names(info: Info) -> set[str]:
    """The fields asked for below this one, those of fragments among them."""
    found: set[str] = set()
    left = list(info.selected_fields)
    while left:
        for selection in left.pop().selections:
            if isinstance(selection, SelectedField):
                found.add(selection.name)
            else:
                left.append(selection)
    return found


def _places_of(outcomes: list[FigureOutcome]) -> list[tuple[str, UUID]]:
    return [("location", location_id) for location_id in sorted({each.key[0] for each in outcomes if each.key})]


async def _channel(db: Session, code: str) -> UUID:
    channel = (await masters.load(db)).channels.get(code)
    scope = db.principal.channel_ids
    if channel is None or (scope is not None and channel.id not in scope):
        raise InvalidInput("There is no such channel.", code="UNKNOWN_CHANNEL", path=("channel",), channel=code[:80])
    return channel.id


async def _level(db: Session, key: Key) -> models.StockLevel:
    return await db.get_one(models.StockLevel, key, populate_existing=True)


async def _level_changed(
    info: Info, work: Callable[[Session], Awaitable[models.StockLevel]], body: Any
) -> StockLevelPayload:
    async def again(db: Session, ids: list[UUID]) -> models.StockLevel:
        return await _level(db, (ids[0], ids[1]))

    def targets(row: models.StockLevel) -> list[tuple[str, UUID]]:
        return [("location", row.location_id), ("variant", row.variant_id)]

    row = await change(info, work, body=body, targets=targets, again=again)
    return StockLevelPayload(stock_level=StockLevel.of(row))


async def _reservation_changed(
    info: Info, work: Callable[[Session], Awaitable[models.Reservation]], body: Any
) -> ReservationPayload:
    async def again(db: Session, ids: list[UUID]) -> models.Reservation:
        return await db.get_one(models.Reservation, ids[0])

    def targets(row: models.Reservation) -> list[tuple[str, UUID]]:
        return [("reservation", row.id), ("location", row.location_id), ("variant", row.variant_id)]

    row = await change(info, work, body=body, targets=targets, again=again)
    return ReservationPayload(reservation=Reservation.of(row))


async def _inbound_changed(
    info: Info, work: Callable[[Session], Awaitable[models.InboundStock]], body: Any
) -> InboundStockPayload:
    async def again(db: Session, ids: list[UUID]) -> models.InboundStock:
        return await db.get_one(models.InboundStock, ids[0])

    def targets(row: models.InboundStock) -> list[tuple[str, UUID]]:
        return [("inbound", row.id), ("location", row.location_id), ("variant", row.variant_id)]

    row = await change(info, work, body=body, targets=targets, again=again)
    return InboundStockPayload(inbound_stock=InboundStock.of(row))
