"""A partner's own company: settings, places with their closures, practice orders, and its OpenID Connect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.colleagues import own_partner
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.catalog import queries as catalog
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.core.pagination import PageRequest
from kontor.inventory import queries as inventory
from kontor.inventory.queries import StockLevelFilter
from kontor.locations import own as places
from kontor.locations import queries as locations
from kontor.locations.models import StockLocation
from kontor.partners import own, practice, queries
from kontor.partners.models import Partner, PracticeOrder
from kontor.partners.states import PracticeState

strawberry.enum(PracticeState)
R = TypeVar("R")
SAMPLE = {"en": "Practice article", "de": "Übungsartikel"}


@strawberry.type(description="Days on which a place does no work, both ends included.")
class Closure:
    start: date = strawberry.field(name="from")
    until: date


@strawberry.type(description="An address the partner ships from.")
class OwnPlace:
    id: UUID
    code: str
    name: str
    street: str | None
    postal_code: str | None
    city: str | None
    country: str
    timezone: str
    opening_hours: str
    cut_off: str | None
    closures: list[Closure]

    @classmethod
    def of(cls, row: StockLocation) -> OwnPlace:
        """As the API shows it."""
        names = (
            "id",
            "code",
            "name",
            "street",
            "postal_code",
            "city",
            "country",
            "timezone",
            "opening_hours",
            "cut_off",
        )
        closed = [Closure(start=first, until=last) for first, last in places.ranges(row.closures)]
        return cls(**{name: getattr(row, name) for name in names}, closures=closed)


@strawberry.type
class PracticeLine:
    sku: str
    name: str
    quantity: int


@strawberry.type(description="An order to practice with; it moves neither goods nor money, and nobody is told.")
class Practice:
    id: UUID
    number: str
    state: PracticeState
    lines: list[PracticeLine]
    carrier: str | None
    tracking_number: str | None

    @classmethod
    def of(cls, row: PracticeOrder) -> Practice:
        """As the API shows it."""
        names = ("id", "number", "state", "carrier", "tracking_number")
        return cls(**{name: getattr(row, name) for name in names}, lines=[PracticeLine(**each) for each in row.lines])


@strawberry.type(description="The caller's own company, and how far it has come from the invitation to work.")
class Partnership:
    id: UUID
    name: str
    email: str | None
    language: str
    country: str
    vat_id: str | None
    carriers: list[str]
    paper: str
    label_paper: str
    places: list[OwnPlace]
    has_stock: bool
    has_practiced: bool
    practice: Practice | None


@strawberry.input(description="What is not given stays as it is.")
class PartnershipInput(Given):
    email: str | None = UNSET
    language: str | None = UNSET
    vat_id: str | None = UNSET
    carriers: list[str] | None = UNSET
    paper: str | None = strawberry.field(default=UNSET, description="A4 or LETTER.")
    label_paper: str | None = strawberry.field(default=UNSET, description="A4, 103x199 or 100x150 (mm).")


@strawberry.input(description="What is not given stays as it is; the time zone follows the country.")
class OwnPlaceInput(Given):
    name: str | None = UNSET
    street: str | None = UNSET
    postal_code: str | None = UNSET
    city: str | None = UNSET
    country: str | None = UNSET
    timezone: str | None = UNSET
    opening_hours: str | None = strawberry.field(default=UNSET, description="OpenStreetMap's opening_hours syntax.")
    cut_off: str | None = UNSET


@strawberry.type
class PartnershipPayload:
    partnership: Partnership
    newly_closed: list[Closure] = strawberry.field(
        default_factory=list, description="Days that were open before a place was closed: what taking that back opens."
    )


PartnershipResult = Annotated[PartnershipPayload | Refusal, strawberry.union("PartnershipResult")]


@strawberry.type
class PartnershipQuery:
    @strawberry.field(
        extensions=[requires(Permission.PARTNERS_READ)],
        description="The caller's own company; null for who belongs to no partner.",
    )
    async def partnership(self, info: Info) -> Partnership | None:
        partner_id = info.context.principal.partner_id
        return await _read(info, partner_id) if partner_id is not None else None


@strawberry.type
class PartnershipMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERSHIP_WRITE)],
        description="Change how one's own company is written to, what it ships with and what it prints on.",
    )
    async def save_partnership(self, info: Info, input: PartnershipInput) -> PartnershipResult:
        async def work(db: Session, partner: Partner) -> None:
            with_path = own.save_own(db, partner, input.values())  # type: ignore[arg-type]
            await _inside(with_path)

        return await _changed(info, work, input.values())

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERSHIP_WRITE)],
        description="Change an address one's own company ships from, or add one.",
    )
    async def save_own_place(self, info: Info, input: OwnPlaceInput, id: UUID | None = None) -> PartnershipResult:
        async def work(db: Session, partner: Partner) -> None:
            saving = places.save_own_place(
                db, input.values(), partner_code=partner.code, partner_id=partner.id, location_id=id  # type: ignore[arg-type]
            )  # fmt: skip
            await _inside(saving)

        return await _changed(info, work, [id, input.values()])

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERSHIP_WRITE)],
        description="No order is offered to the place on these days, both ends included.",
    )
    async def close_place(
        self, info: Info, id: UUID, start: Annotated[date, strawberry.argument(name="from")], until: date
    ) -> PartnershipResult:
        news: list[Closure] = []

        async def work(db: Session, partner: Partner) -> None:
            _, opened = await places.close_place(db, id, partner_id=partner.id, first=start, last=until)
            news[:] = [Closure(start=first, until=last) for first, last in opened]

        payload = await _changed(info, work, [id, start, until])
        payload.newly_closed = news
        return payload

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERSHIP_WRITE)], description="Take closed days of a place back."
    )
    async def reopen_place(
        self, info: Info, id: UUID, start: Annotated[date, strawberry.argument(name="from")], until: date
    ) -> PartnershipResult:
        async def work(db: Session, partner: Partner) -> None:
            await places.reopen_place(db, id, partner_id=partner.id, first=start, last=until)

        return await _changed(info, work, [id, start, until])

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Begin a practice order, or go on with the one that is not shipped; of the first own articles.",
    )
    async def begin_practice(self, info: Info) -> PartnershipResult:
        async def work(db: Session, partner: Partner) -> None:
            await practice.begin_practice(db, partner.id, await _lines(db, info.context.language))

        return await _changed(info, work, [])

    @strawberry.mutation(extensions=[requires(Permission.FULFILLMENT_WRITE)], description="Accept a practice order.")
    async def accept_practice(self, info: Info, id: UUID) -> PartnershipResult:
        async def work(db: Session, partner: Partner) -> None:
            await practice.accept_practice(db, partner.id, id)

        return await _changed(info, work, [id])

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)], description="Ship a practice order; nobody is told."
    )
    async def ship_practice(
        self, info: Info, id: UUID, carrier: str | None = None, tracking_number: str | None = None
    ) -> PartnershipResult:
        async def work(db: Session, partner: Partner) -> None:
            await practice.ship_practice(db, partner.id, id, carrier=carrier, tracking_number=tracking_number)

        return await _changed(info, work, [id, carrier, tracking_number])


async def _inside(saving: Awaitable[R]) -> R:
    """Name the field as the caller wrote it."""
    try:
        return await saving
    except KontorError as problem:
        raise problem.within("input") from None


async def _lines(db: Session, language: str) -> list[practice.Line]:
    """What is practiced with: the first two articles of one's own stock, else one that there is not."""
    page = await inventory.list_stock_levels(db, StockLevelFilter(), PageRequest(2, None))
    variants = await catalog.variants_by_id(db, [each.variant_id for each in page.items])
    found = [(each.sku, each.name or each.sku, at + 1) for at, each in enumerate(variants.values())]
    return found or [("PRACTICE", SAMPLE[language], 1)]


async def _changed(info: Info, work: Callable[[Session, Partner], Awaitable[None]], body: Any) -> PartnershipPayload:
    partner_id = own_partner(info)

    async def locked(db: Session) -> None:
        await work(db, await queries.lock_partner(db, id=partner_id))

    async def again(db: Session, ids: list[UUID]) -> None:
        return None

    await change(info, locked, body=body, targets=lambda _: [("partner", partner_id)], again=again)
    return PartnershipPayload(partnership=await _read(info, partner_id))


async def _read(info: Info, partner_id: UUID) -> Partnership:
    async with info.context.runtime.database.read_only(info.context.principal) as db:
        partner = await queries.find_partner(db, id=partner_id)
        assert partner is not None
        rows = (await locations.stock_locations_of_partners(db, [partner_id]))[partner_id]
        stock = await inventory.list_stock_levels(db, StockLevelFilter(), PageRequest(1, None))
        order = await practice.latest_practice(db, partner_id)
        return Partnership(
            id=partner.id, name=partner.name, email=partner.email, language=partner.language, country=partner.country,
            vat_id=partner.vat_id, **own.own_settings(partner), places=[OwnPlace.of(each) for each in rows],
            has_stock=bool(stock.items), has_practiced=await practice.has_shipped(db, partner_id),
            practice=Practice.of(order) if order else None,
        )  # fmt: skip
