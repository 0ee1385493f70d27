"""Offers of partners: drafts, what is sent, what becomes an article, what goes back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.locations import make_location
from factories.partners import make_partner
from kontor.catalog import offers, queries, reviewing
from kontor.catalog.errors import OfferNotFound, PartnerNeeded
from kontor.catalog.models import CatalogOffer, Product, ProductVariant
from kontor.catalog.offers import Decided
from kontor.catalog.states import OfferState
from kontor.core.db import Database
from kontor.core.principal import SYSTEM, Principal, PrincipalKind
from kontor.imports.errors import InvalidField
from kontor.imports.saving import Outcome, RowResult
from kontor.inventory.errors import OfferWithdrawn
from kontor.inventory.models import StockLevel
from kontor.inventory.offering import resume_article
from kontor.locations.models import StockLocation
from support import Drain

LAMP = {"sku": "LAMP", "gtin": "4006381333931", "name": "Ship's lamp", "price": 1999, "currency": "EUR"}


async def partner(database: Database, code: str = "nordlicht") -> Principal:
    async with database.unit_of_work() as db:
        made = await make_partner(db, code=code)
        await make_location(db, kind="DROPSHIPPER", code=f"dock-{code}", partner_id=made.id)
    return Principal(PrincipalKind.USER, name="Kim", partner_id=made.id)


async def save(database: Database, who: Principal, *rows: dict[str, Any]) -> list[RowResult]:
    async with database.unit_of_work(who) as db:
        return await offers.save_offers(db, [dict(row) for row in rows])  # type: ignore[misc]


async def ids_of(database: Database, *skus: str) -> list[UUID]:
    async with database.read_only() as db:
        found = {row.sku: row.id for row in await db.scalars(sa.select(CatalogOffer))}
    return [found[sku] for sku in skus]


async def sent(database: Database, who: Principal, *rows: dict[str, Any]) -> list[UUID]:
    """Offers that wait for a decision."""
    assert {each.outcome for each in await save(database, who, *rows)} <= {Outcome.CREATED, Outcome.UPDATED}
    async with database.unit_of_work(who) as db:
        return [offer.id for offer in (await offers.send_offers(db, None)).done]


async def approve(database: Database, ids: list[UUID]) -> Decided:
    async with database.unit_of_work() as db:
        found = await db.scalars(sa.select(CatalogOffer).where(CatalogOffer.id.in_(ids)))
        return await reviewing.approve_offers(db, {offer.id: offer.version for offer in found})


async def states(database: Database) -> dict[str, str]:
    async with database.read_only() as db:
        return {row.sku: str(row.state) for row in await db.scalars(sa.select(CatalogOffer))}


async def test_same_rows_again_change_nothing_and_others_count_on(database: Database) -> None:
    kim = await partner(database)
    assert [each.outcome for each in await save(database, kim, LAMP, {"sku": "HALF"})] == [Outcome.CREATED] * 2
    assert [each.outcome for each in await save(database, kim, LAMP)] == [Outcome.UNCHANGED]
    assert [each.outcome for each in await save(database, kim, {**LAMP, "price": 2099})] == [Outcome.UPDATED]
    stale = await save(database, kim, {**LAMP, "price": 1, "version": 1})
    assert (stale[0].problem and stale[0].problem.code, stale[0].problem and stale[0].problem.path) == (
        "OFFER_CHANGED",
        ("version",),
    )
    async with database.read_only() as db:
        lamp = (await db.scalars(sa.select(CatalogOffer).where(CatalogOffer.sku == "LAMP"))).one()
    assert (lamp.price, lamp.version, lamp.state) == (2099, 2, OfferState.DRAFT)


async def test_number_of_another_offer_is_refused_in_a_call_and_later(database: Database) -> None:
    kim = await partner(database)
    results = await save(database, kim, LAMP, {**LAMP, "sku": "TWIN"})
    assert [each.problem and each.problem.code for each in results] == [None, "GTIN_TAKEN"]
    later = await save(database, kim, {"sku": "TWIN", "gtin": LAMP["gtin"]})
    assert later[0].problem
    assert later[0].problem.path == ("gtin",)
    swapped = await save(database, kim, {"sku": "LAMP", "gtin": None}, {"sku": "TWIN", "gtin": LAMP["gtin"]})
    assert [each.outcome for each in swapped] == [Outcome.UPDATED, Outcome.CREATED]


async def test_only_complete_offers_are_sent(database: Database) -> None:
    kim = await partner(database)
    await save(database, kim, LAMP, {"sku": "HALF", "name": "Half an offer"})
    async with database.unit_of_work(kim) as db:
        decided = await offers.send_offers(db, None)
    assert [offer.sku for offer in decided.done] == ["LAMP"]
    [(half, problem)] = decided.refused
    assert (half.sku, problem.code, problem.path) == ("HALF", "OFFER_INCOMPLETE", ("price",))
    assert await states(database) == {"LAMP": "IN_REVIEW", "HALF": "DRAFT"}


async def test_approved_variants_become_one_product_with_stock_places(database: Database, drain: Drain) -> None:
    kim = await partner(database)
    small, large = ({**LAMP, "sku": f"LAMP-{size}", "gtin": None, "group_code": "LAMP"} for size in "SL")
    ids = await sent(database, kim, small, large)
    decided = await approve(database, ids)
    assert (len(decided.done), decided.refused) == (2, [])
    await drain()
    async with database.read_only() as db:
        products = list(await db.scalars(sa.select(Product)))
        variants = {row.sku: row for row in await db.scalars(sa.select(ProductVariant))}
        levels = [(row.variant_id, row.on_hand, row.paused_safety) for row in await db.scalars(sa.select(StockLevel))]
    assert [(row.code, row.name) for row in products] == [("nordlicht-LAMP", "Ship's lamp")]
    assert set(variants) == {"LAMP-S", "LAMP-L"}
    assert sorted(levels) == sorted((row.id, 0, None) for row in variants.values())


async def test_article_that_is_known_is_linked_and_foreign_codes_are_left_alone(database: Database) -> None:
    kim = await partner(database)
    async with database.unit_of_work() as db:
        known = await make_variant(db, sku="OURS", gtin="4006381333931")
        await make_variant(db, sku="CHAIR")
    ids = await sent(database, kim, LAMP, {**LAMP, "sku": "CHAIR", "gtin": None, "name": "Another chair"})
    await approve(database, ids)
    async with database.read_only() as db:
        rows = {row.sku: row for row in await db.scalars(sa.select(CatalogOffer))}
        own = await queries.get_variant(db, sku="nordlicht-CHAIR")
        ours = await queries.get_variant(db, sku="OURS")
    assert (rows["LAMP"].variant_id, rows["LAMP"].own_variant) == (known.id, False)
    assert (rows["CHAIR"].variant_id, rows["CHAIR"].own_variant) == (own.id, True)
    assert ours.name == known.name


async def test_partners_whose_codes_join_to_the_same_keep_products_of_their_own(database: Database) -> None:
    """`nord` with `licht-PK` and `nord-licht` with `PK`, one after the other, at once, and changed."""
    nord, licht = await partner(database, "nord"), await partner(database, "nord-licht")
    plain = {"gtin": None, "price": 5, "currency": "EUR"}
    await approve(database, await sent(database, nord, {"sku": "licht-PK", "name": "Nord", **plain}))
    await approve(database, await sent(database, licht, {"sku": "PK", "name": "Licht", **plain}))
    both = [{"sku": f"{sku}-2", "name": name, **plain} for sku, name in (("licht-PK", "Nord"), ("PK", "Licht"))]
    ids = [*await sent(database, nord, both[0]), *await sent(database, licht, both[1])]
    assert (await approve(database, ids)).refused == []
    ids = await sent(database, licht, {"sku": "PK", "name": "Licht anew", **plain})
    assert (await approve(database, ids)).refused == []
    async with database.read_only() as db:
        found = sa.select(Product.name, ProductVariant.sku, ProductVariant.name).join(
            ProductVariant, ProductVariant.product_id == Product.id
        )
        rows = sorted(tuple(row) for row in await db.execute(found))
    assert rows == [
        ("Licht", "PK-2", "Licht"), ("Licht anew", "PK", "Licht anew"), ("Nord", "licht-PK", "Nord"),
        ("Nord", "licht-PK-2", "Nord"),
    ]  # fmt: skip


async def test_what_was_changed_since_it_was_looked_at_is_not_put_on_sale(database: Database) -> None:
    kim = await partner(database)
    [lamp, rope] = await sent(database, kim, LAMP, {**LAMP, "sku": "ROPE", "gtin": None})
    await sent(database, kim, {**LAMP, "price": 99900})
    async with database.unit_of_work() as db:
        decided = await reviewing.approve_offers(db, {lamp: 2, rope: 2})  # as they were sent first
    assert [offer.sku for offer in decided.done] == ["ROPE"]
    assert [(offer.sku, problem.code) for offer, problem in decided.refused] == [("LAMP", "OFFER_CHANGED")]
    assert await states(database) == {"LAMP": "IN_REVIEW", "ROPE": "LIVE"}


async def test_changed_live_offer_waits_while_the_article_stays_on_sale(database: Database) -> None:
    kim = await partner(database)
    await approve(database, await sent(database, kim, LAMP))
    await save(database, kim, {**LAMP, "name": "Brass lamp"})
    async with database.read_only() as db:
        before = await queries.get_variant(db, sku="LAMP")
    assert (await states(database), before.name, before.active) == ({"LAMP": "DRAFT"}, "Ship's lamp", True)
    async with database.unit_of_work(kim) as db:
        again = [offer.id for offer in (await offers.send_offers(db, None)).done]
    await approve(database, again)
    async with database.read_only() as db:
        after = await queries.get_variant(db, sku="LAMP")
    assert (after.id, after.name, await states(database)) == (before.id, "Brass lamp", {"LAMP": "LIVE"})


async def test_returned_offer_tells_why_and_can_be_sent_again(database: Database) -> None:
    kim = await partner(database)
    ids = await sent(database, kim, LAMP)
    with pytest.raises(InvalidField):
        async with database.unit_of_work() as db:
            await reviewing.return_offers(db, ids, reason="\x01")
    async with database.unit_of_work() as db:
        await reviewing.return_offers(db, ids, reason="The picture shows another lamp.")
    async with database.read_only(kim) as db:
        returned = await queries.find_offer(db, ids[0])
    assert returned
    assert (returned.state, returned.reason) == (OfferState.RETURNED, "The picture shows another lamp.")
    refused = (await approve(database, ids)).refused
    assert [problem.code for _, problem in refused] == ["TRANSITION_REFUSED"]
    async with database.unit_of_work(kim) as db:
        [offer] = (await offers.send_offers(db, ids)).done
    assert (offer.state, offer.reason) == (OfferState.IN_REVIEW, None)


async def test_withdrawn_article_is_sold_no_more_and_comes_back(database: Database, drain: Drain) -> None:
    kim = await partner(database)
    ids = await sent(database, kim, LAMP)
    await approve(database, ids)
    await drain()
    async with database.unit_of_work(kim) as db:
        await offers.withdraw_offers(db, ids)
    await drain()
    async with database.read_only() as db:
        lamp = await queries.get_variant(db, sku="LAMP")
        level = (await db.scalars(sa.select(StockLevel))).one()
        place = (await db.get_one(StockLocation, level.location_id)).code
    assert (lamp.active, level.paused_safety) == (False, 0)
    with pytest.raises(OfferWithdrawn):  # it comes back by its offer, not by its stock
        async with database.unit_of_work(kim) as db:
            await resume_article(db, place, "LAMP")
    await approve(database, await sent(database, kim, {**LAMP, "price": 2500}))
    await drain()
    async with database.read_only() as db:
        lamp = await queries.get_variant(db, sku="LAMP")
        level = (await db.scalars(sa.select(StockLevel))).one()
    assert (lamp.active, level.paused_safety, level.safety) == (True, None, 0)


async def test_partner_reaches_its_own_offers_alone(database: Database) -> None:
    kim, other = await partner(database), await partner(database, "suedwind")
    ids = await sent(database, kim, LAMP)
    await save(database, other, LAMP)
    async with database.read_only(other) as db:
        assert await queries.count_offers(db) == {state: int(state is OfferState.DRAFT) for state in OfferState}
        assert await queries.find_offer(db, ids[0]) is None
    with pytest.raises(OfferNotFound):
        async with database.unit_of_work(other) as db:
            await offers.withdraw_offers(db, ids)
    with pytest.raises(PartnerNeeded):
        await save(database, SYSTEM, LAMP)


def test_long_codes_of_a_partner_stay_different() -> None:
    long = [reviewing.joined("p" * 60, f"{'s' * 60}{number}") for number in range(2)]
    assert len(set(long)) == 2
    assert {len(code) for code in long} == {80}
