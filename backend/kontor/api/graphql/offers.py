"""What partners offer: saved and sent by them, approved or sent back by the company."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.catalog import ProductVariant
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal, text_of
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.master_rows import EACH, MOST_ROWS, Given, SavedRowsResult, save_rows
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.partners import Partner
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long, Money
from kontor.auth.permissions import Permission
from kontor.catalog import offers, queries, reviewing
from kontor.catalog.models import CatalogOffer as OfferRow
from kontor.catalog.models import ProductVariant as VariantRow
from kontor.catalog.offers import Decided
from kontor.catalog.states import OfferState
from kontor.core import money
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.partners.models import Partner as PartnerRow

strawberry.enum(OfferState, name="CatalogOfferState", description=OfferState.__doc__)
MOST_REFUSED = 1000
_PLAIN = (
    "id", "partner_id", "sku", "state", "gtin", "group_code", "name", "brand", "category", "texts", "attributes",
    "images", "weight_g", "valid_from", "valid_until", "reason", "version", "variant_id", "sent_at", "decided_at",
    "created_at", "updated_at",
)  # fmt: skip


@strawberry.type(
    description="An article as a partner offers it, under the partner's own SKU; offers of one group are variants of "
    "one product. `price` is what the partner asks of the company, `reason` why it was returned."
)
class CatalogOffer:
    id: UUID
    partner_id: UUID
    sku: str
    state: OfferState
    gtin: str | None
    group_code: str | None
    name: str | None
    brand: str | None
    category: str | None
    texts: JSON
    attributes: JSON
    images: JSON
    weight_g: int
    price: Money | None
    valid_from: datetime | None
    valid_until: datetime | None
    reason: str | None
    version: int
    missing: list[str] = strawberry.field(description="What it lacks to be sent.")
    variant_id: UUID | None = strawberry.field(description="The article it is sold as, once it was approved.")
    sent_at: datetime | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    async def partner(self, info: Info) -> Partner:
        return Partner.of(await by_id(info, PartnerRow, self.partner_id))

    @strawberry.field(description="The article it is sold as.")
    async def variant(self, info: Info) -> ProductVariant | None:
        if self.variant_id is None:
            return None
        return ProductVariant.of(await by_id(info, VariantRow, self.variant_id))

    @classmethod
    def of(cls, row: Any) -> CatalogOffer:
        """As the API shows it."""
        price = None
        if row.price is not None and row.currency is not None:
            price = Money.of(money.Money(row.price, row.currency))
        return cls(price=price, missing=offers.missing_in(row), **{name: getattr(row, name) for name in _PLAIN})


@strawberry.type(description="How many offers stand there.")
class CatalogOfferCount:
    state: OfferState
    count: int


@strawberry.type(description="An offer that did not take the step, and why.")
class RefusedOffer:
    id: UUID
    sku: str
    code: str
    message: str
    path: list[str]


@strawberry.type(description="What became of the offers; `refused` are the first 1,000 that stay as they are.")
class DecidedOffers:
    count: int = strawberry.field(description="How many took the step.")
    refused_count: int
    refused: list[RefusedOffer]


DecidedOffersResult = Annotated[DecidedOffers | Refusal, strawberry.union("DecidedOffersResult")]


@strawberry.input(description="What is left out does not narrow. `search` looks into SKU, GTIN, name and brand.")
class CatalogOffersFilter(Given):
    states: list[OfferState] | None = UNSET
    partner_ids: list[UUID] | None = UNSET
    skus: list[str] | None = UNSET
    gtins: list[str] | None = UNSET
    changed_since: datetime | None = UNSET
    search: str | None = UNSET


@strawberry.enum
class CatalogOffersSort(Enum):
    SKU = "SKU"
    SKU_DESC = "SKU-"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.input(
    description="An offer by the partner's own SKU; what is not given stays as it is. `price` in minor units of "
    "`currency`. With `version`, the one that was read, a change in between is a conflict."
)
class CatalogOfferInput(Given):
    sku: str
    gtin: str | None = UNSET
    group_code: str | None = UNSET
    name: str | None = UNSET
    brand: str | None = UNSET
    category: str | None = UNSET
    texts: JSON | None = UNSET
    attributes: JSON | None = UNSET
    images: JSON | None = UNSET
    weight_g: int | None = UNSET
    price: Long | None = UNSET
    currency: str | None = UNSET
    valid_from: datetime | None = UNSET
    valid_until: datetime | None = UNSET
    version: int | None = UNSET


@strawberry.input(description="An offer that was looked at, and which version of it.")
class ReviewedOfferInput:
    id: UUID
    version: int


@strawberry.type
class OffersQuery:
    @strawberry.field(
        extensions=[requires(Permission.OFFERS_READ)], description="What partners offer; a partner sees its own."
    )
    async def catalog_offers(
        self,
        info: Info,
        filter: CatalogOffersFilter | None = None,
        sort: CatalogOffersSort = CatalogOffersSort.SKU,
        first: First = 50,
        after: After = None,
    ) -> Connection[CatalogOffer]:
        wanted = queries.OfferFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_offers(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, CatalogOffer.of)

    @strawberry.field(extensions=[requires(Permission.OFFERS_READ)])
    async def catalog_offer(self, info: Info, id: UUID) -> CatalogOffer | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_offer(db, id)
        return None if row is None else CatalogOffer.of(row)

    @strawberry.field(
        extensions=[requires(Permission.OFFERS_READ)],
        description="How many offers stand where, each state once; of all partners or of one.",
    )
    async def catalog_offer_counts(self, info: Info, partner_id: UUID | None = None) -> list[CatalogOfferCount]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            counts = await queries.count_offers(db, partner_id)
        return [CatalogOfferCount(state=state, count=count) for state, count in counts.items()]


@strawberry.type
class OffersMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.OFFERS_WRITE)],
        description="Add or change offers by the partner's SKUs; what differs is a draft again, what was approved "
        f"stays on sale as it was. Who belongs to no partner says whose they are. {EACH}",
    )
    async def save_offers(
        self,
        info: Info,
        inputs: list[CatalogOfferInput],
        partner_id: UUID | None = None,
        all_or_nothing: bool = False,
    ) -> SavedRowsResult:
        save = partial(offers.save_offers, partner_id=partner_id)
        return await save_rows(info, inputs, save, noun="catalogOffer", all_or_nothing=all_or_nothing)

    @strawberry.mutation(
        extensions=[requires(Permission.OFFERS_WRITE)],
        description="Ask for offers to be looked at; without `ids` all drafts of the partner, up to 10,000 in a call.",
    )
    async def send_offers(
        self, info: Info, ids: list[UUID] | None = None, partner_id: UUID | None = None
    ) -> DecidedOffersResult:
        return await _decided(
            info, lambda db: offers.send_offers(db, _few(ids), partner_id=partner_id), [ids, partner_id]
        )

    @strawberry.mutation(
        extensions=[requires(Permission.OFFERS_WRITE)],
        description="Take offers back; articles that were made for them are sold no more.",
    )
    async def withdraw_offers(self, info: Info, ids: list[UUID]) -> DecidedOffersResult:
        return await _decided(info, lambda db: offers.withdraw_offers(db, _few(ids) or []), [ids])

    @strawberry.mutation(
        extensions=[requires(Permission.OFFERS_REVIEW)],
        description="Put offers that wait for a decision on sale: as the article their GTIN names, else as an article "
        "of their own, which the partner's places can be given stock of. What changed since it was read is refused.",
    )
    async def approve_offers(self, info: Info, offers: list[ReviewedOfferInput]) -> DecidedOffersResult:
        versions = {each.id: each.version for each in offers}
        _few([each.id for each in offers], "offers")
        return await _decided(info, lambda db: reviewing.approve_offers(db, versions), sorted(versions.items()))

    @strawberry.mutation(
        extensions=[requires(Permission.OFFERS_REVIEW)],
        description="Send offers that wait for a decision back to their partners, who read the reason.",
    )
    async def return_offers(self, info: Info, ids: list[UUID], reason: str) -> DecidedOffersResult:
        return await _decided(
            info, lambda db: reviewing.return_offers(db, _few(ids) or [], reason=reason), [ids, reason]
        )


def _few(ids: list[UUID] | None, path: str = "ids") -> list[UUID] | None:
    if ids is not None and not 1 <= len(ids) <= MOST_ROWS:
        raise InvalidInput(f"1 to {MOST_ROWS} rows.", code="INVALID_BATCH", path=(path,), max=MOST_ROWS)
    return ids


async def _decided(info: Info, work: Callable[[Session], Awaitable[Decided]], body: Any) -> DecidedOffers:
    async def again(_: Session, ids: list[UUID]) -> Decided:
        return Decided(done=[OfferRow(id=each) for each in ids])

    decided = await change(
        info, work, body=body, targets=lambda found: [("catalogOffer", offer.id) for offer in found.done], again=again
    )
    refused = [
        RefusedOffer(
            id=offer.id,
            sku=offer.sku,
            code=problem.code,
            message=text_of(problem, info.context.language),
            path=[str(part) for part in problem.path],
        )
        for offer, problem in decided.refused[:MOST_REFUSED]
    ]
    return DecidedOffers(count=len(decided.done), refused_count=len(decided.refused), refused=refused)
