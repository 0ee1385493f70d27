"""Routing by hand: previews, exclusions, pauses, and what stays where it is when something has to move."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, pieces_of, released, rows_of, sourced
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from kontor.auth.models import AuditEntry
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database
from kontor.core.errors import InvalidInput, NotFound
from kontor.core.ids import new_id
from kontor.fulfillment.answering import reject
from kontor.fulfillment.errors import NoOtherPlace
from kontor.fulfillment.previewing import preview_reroute
from kontor.fulfillment.rerouting import reroute
from kontor.imports.saving import touch_masters
from kontor.locations.models import StockLocation
from kontor.locations.pausing import pause_location, resume_location
from kontor.routing.excluding import ExclusionWish, exclude_place, lift_exclusion
from kontor.routing.models import RoutingDecision, RoutingPolicy
from kontor.routing.values import Reason
from support import Client, Principals, StandingClock


async def company_with(database: Database, *skus: str) -> tuple[Company, list[ProductVariant]]:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variants = [await make_variant(db, sku=sku) for sku in skus]
    for variant in variants:
        await put_stock(database, company.warehouse.id, variant.id, 10)
    return company, variants


async def place_with(database: Database, parcel_cents: int, stock: dict[UUID, int], **given: Any) -> StockLocation:
    async with database.unit_of_work() as db:
        place = await make_location(db, **given)
        await make_tariff(db, location_id=place.id, parcel_cents=parcel_cents)
        await touch_masters(db)
    for variant_id, quantity in stock.items():
        await put_stock(database, place.id, variant_id, quantity)
    return place


async def exclude(database: Database, place: UUID, **given: Any) -> UUID:
    async with database.unit_of_work() as db:
        return (await exclude_place(db, ExclusionWish(place, "cannot find it", **given))).id


async def places_of(database: Database, order_id: UUID) -> dict[UUID, list[int]]:
    """Pieces by place of the work that is not over."""
    found: dict[UUID, list[int]] = {}
    for row in await rows_of(database, order_id):
        if row.state not in ("REJECTED", "CANCELED"):
            found.setdefault(row.location_id, []).extend(line.quantity for line in await pieces_of(database, row.id))
    return found


async def test_the_preview_shows_each_place_with_its_cost_or_why_not(database: Database) -> None:
    company, [lamp] = await company_with(database, "LAMP")
    _, row_id = await released(database, company, ("LAMP", 2))
    cheap = await place_with(database, 300, {lamp.id: 5})
    dear = await place_with(database, 900, {lamp.id: 5})
    short = await place_with(database, 100, {lamp.id: 1})
    deaf = await place_with(database, 100, {lamp.id: 9}, can_ship=False)

    async with database.read_only() as db:
        found = await preview_reroute(db, row_id)

    assert (found.location_id, found.cost_cents) == (company.warehouse.id, 490)
    assert [(each.location_id, each.feasible, each.cost_cents) for each in found.candidates[:2]] == [
        (cheap.id, True, 300),
        (dear.id, True, 900),
    ]
    rest = {each.location_id: (each.missing, each.reason) for each in found.candidates[2:]}
    assert rest == {short.id: (1, None), deaf.id: (0, Reason.NO_SHIPPING)}


async def test_sending_elsewhere_costs_what_the_preview_said(database: Database) -> None:
    company, [lamp] = await company_with(database, "LAMP")
    order_id, row_id = await released(database, company, ("LAMP", 2))
    dear = await place_with(database, 900, {lamp.id: 5})
    async with database.read_only() as db:
        [candidate] = (await preview_reroute(db, row_id)).candidates

    async with database.unit_of_work() as db:
        await reroute(db, row_id, reason="full", now=db.now, to_location_id=dear.id)

    async with database.read_only() as db:
        cost = await db.scalar(sa.select(RoutingDecision.cost).where(RoutingDecision.occasion == "REROUTE"))
    assert (candidate.location_id, candidate.cost_cents) == (dear.id, cost)
    assert await places_of(database, order_id) == {dear.id: [2]}


async def test_an_excluded_place_gets_nothing_new_until_its_time_is_over(
    database: Database, clock: StandingClock
) -> None:
    company, [lamp] = await company_with(database, "LAMP")
    cheap = await place_with(database, 300, {lamp.id: 9})
    exclusion = await exclude(database, cheap.id, minutes=60)

    first = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, first)
    async with database.read_only() as db:
        [decision] = await db.scalars(sa.select(RoutingDecision))
    clock.moment += timedelta(minutes=61)
    second = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, second)
    again = await exclude(database, cheap.id)
    async with database.unit_of_work() as db:
        lifted = await lift_exclusion(db, again)
    third = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, third)

    assert await places_of(database, first) == {company.warehouse.id: [1]}
    assert {"location": str(cheap.id), "reason": "EXCLUDED", "note": "cannot find it"} in decision.record["eliminated"]
    assert [await places_of(database, each) for each in (second, third)] == [{cheap.id: [1]}, {cheap.id: [1]}]
    assert (lifted.lifted_at, lifted.lifted_by is None, exclusion == again) == (clock.moment, False, False)


async def test_an_article_that_cannot_be_found_comes_from_elsewhere_and_others_do_not(database: Database) -> None:
    company, [lamp, rope] = await company_with(database, "LAMP", "ROPE")
    cheap = await place_with(database, 100, {lamp.id: 9, rope.id: 9})
    await exclude(database, cheap.id, variant_id=lamp.id)

    one, other = [await confirmed(database, company, (sku, 1)) for sku in ("LAMP", "ROPE")]
    await sourced(database, one, other)

    assert await places_of(database, one) == {company.warehouse.id: [1]}
    assert await places_of(database, other) == {cheap.id: [1]}


async def test_a_place_may_be_out_for_one_order(database: Database) -> None:
    company, [lamp] = await company_with(database, "LAMP")
    cheap = await place_with(database, 100, {lamp.id: 9})
    one, other = [await confirmed(database, company, ("LAMP", 1)) for _ in range(2)]
    await exclude(database, cheap.id, order_id=one)

    await sourced(database, one, other)

    assert await places_of(database, one) == {company.warehouse.id: [1]}
    assert await places_of(database, other) == {cheap.id: [1]}


async def test_work_is_not_sent_to_an_excluded_place_by_hand_either(database: Database) -> None:
    company, [lamp] = await company_with(database, "LAMP")
    _, row_id = await released(database, company, ("LAMP", 1))
    other = await place_with(database, 300, {lamp.id: 9})
    await exclude(database, other.id)

    async with database.read_only() as db:
        [candidate] = (await preview_reroute(db, row_id)).candidates
    with pytest.raises(NoOtherPlace):
        async with database.unit_of_work() as db:
            await reroute(db, row_id, reason="full", now=db.now, to_location_id=other.id)

    assert candidate.reason is Reason.EXCLUDED


@pytest.mark.parametrize(("gain", "stays"), [(None, True), (50, False), (1000, True)])
async def test_what_an_order_holds_stays_unless_moving_it_saves_the_threshold(
    database: Database, gain: int | None, stays: bool
) -> None:
    """A lamp lies at the warehouse, a rope at a store that cannot find it; a third place has both and would save 80."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        lamp, rope = await make_variant(db, sku="LAMP"), await make_variant(db, sku="ROPE")
        if gain is not None:
            weights = {"split_cents": 50, "shortage_cents": 100_000, "move_gain_cents": gain}
            db.add(
                RoutingPolicy(
                    id=new_id(), code="P", version=1, weights=weights, valid_from=db.now, created_at=db.now,
                    created_by="test",
                )
            )  # fmt: skip
    await put_stock(database, company.warehouse.id, lamp.id, 5)
    store = await place_with(database, 200, {rope.id: 5})
    order_id = await confirmed(database, company, ("LAMP", 1), ("ROPE", 1))
    third = await place_with(database, 700, {lamp.id: 5, rope.id: 5}, handling_line_cents=460)
    await exclude(database, store.id, variant_id=rope.id)

    await sourced(database, order_id)

    expected = {company.warehouse.id: [1], third.id: [1]} if stays else {third.id: [1, 1]}
    assert await places_of(database, order_id) == expected


async def test_after_a_refusal_only_the_refused_pieces_move(database: Database) -> None:
    company, [lamp] = await company_with(database, "LAMP")
    async with database.unit_of_work() as db:
        rope = await make_variant(db, sku="ROPE")
    store = await place_with(database, 200, {rope.id: 5})
    order_id = await confirmed(database, company, ("LAMP", 1), ("ROPE", 1))
    await sourced(database, order_id)
    other = await place_with(database, 210, {lamp.id: 5, rope.id: 5})
    [refused] = [row for row in await rows_of(database, order_id) if row.location_id == store.id]
    async with database.unit_of_work() as db:
        await reject(db, refused.id, None, now=db.now)

    await sourced(database, order_id)

    assert await places_of(database, order_id) == {company.warehouse.id: [1], other.id: [1]}


async def test_a_paused_place_is_routed_to_again_when_it_resumes(database: Database, clock: StandingClock) -> None:
    company, [lamp] = await company_with(database, "LAMP")
    cheap = await place_with(database, 100, {lamp.id: 9})
    async with database.unit_of_work() as db:
        await pause_location(db, cheap.id, until=db.now + timedelta(hours=2), reason="burst pipe")
    one = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, one)
    async with database.unit_of_work() as db:
        place = await resume_location(db, cheap.id)
    other = await confirmed(database, company, ("LAMP", 1))
    await sourced(database, other)

    assert place.paused_until is None
    assert await places_of(database, one) == {company.warehouse.id: [1]}
    assert await places_of(database, other) == {cheap.id: [1]}


@pytest.mark.engine("sqlite")
async def test_bad_exclusions_and_pauses_are_refused(database: Database) -> None:
    company, _ = await company_with(database, "LAMP")
    place = company.warehouse.id
    wishes = [
        (ExclusionWish(place, "x", minutes=0), "INVALID_MINUTES"),
        (ExclusionWish(place, " "), "INVALID_REASON"),
        (ExclusionWish(new_id(), "x"), "LOCATION_NOT_FOUND"),
        (ExclusionWish(place, "x", variant_id=new_id()), "VARIANT_NOT_FOUND"),
    ]
    async with database.unit_of_work() as db:
        for wish, code in wishes:
            with pytest.raises((InvalidInput, NotFound)) as refused:
                await exclude_place(db, wish)
            assert refused.value.code == code
        for days, reason, code in ((0, "x", "INVALID_EXPIRY"), (367, "x", "INVALID_EXPIRY"), (1, "", "INVALID_REASON")):
            with pytest.raises(InvalidInput) as refused_pause:
                await pause_location(db, place, until=db.now + timedelta(days=days), reason=reason)
            assert refused_pause.value.code == code
        with pytest.raises(NotFound):
            await lift_exclusion(db, new_id())


async def test_by_hand_through_the_api(database: Database, client: Client, principals: Principals) -> None:
    company, [lamp] = await company_with(database, "LAMP")
    _, row_id = await released(database, company, ("LAMP", 1))
    other = await place_with(database, 300, {lamp.id: 5}, code="OTHER")
    ask = """query($id: UUID!) { reroutePreview(fulfillmentOrderId: $id) { costCents
      candidates { location feasible reason costCents differenceCents arrivesOn } } }"""
    shut = """mutation($input: ExcludePlaceInput!) { excludePlace(input: $input) {
      ... on ExclusionChanged { exclusion { id until reason } } ... on Error { code } } }"""
    lift = "mutation($id: UUID!) { liftExclusion(id: $id) { ... on ExclusionChanged { exclusion { liftedBy } } } }"
    pause = """mutation($id: UUID!) { pauseLocation(locationId: $id, until: "2026-06-15T12:00:00Z", reason: "pipe") {
      ... on LocationPaused { location { pausedUntil } } ... on Error { code } } }"""
    listed = "{ routingExclusions(active: true) { nodes { id reason } } }"

    async def say(text: str, **given: Any) -> Any:
        body = await client.graphql(text, given, principal=principals.admin)
        return body["data"]

    preview = await say(ask, id=str(row_id))
    made = (await say(shut, input={"locationId": str(other.id), "reason": "lost"}))["excludePlace"]["exclusion"]
    open_ones = await say(listed)
    lifted = await say(lift, id=made["id"])
    paused = await say(pause, id=str(other.id))

    [candidate] = preview["reroutePreview"]["candidates"]
    assert candidate == {
        "location": "OTHER", "feasible": True, "reason": None, "costCents": 300, "differenceCents": -190,
        "arrivesOn": "2026-06-16",
    }  # fmt: skip
    assert (made["until"], open_ones["routingExclusions"]["nodes"]) == (
        "2026-06-15T11:00:00Z",
        [{"id": made["id"], "reason": "lost"}],
    )
    assert lifted["liftExclusion"]["exclusion"]["liftedBy"] == "user:Test User"
    assert paused["pauseLocation"]["location"]["pausedUntil"] == "2026-06-15T12:00:00Z"
    assert (await say(listed))["routingExclusions"]["nodes"] == []
    async with database.read_only() as db:
        entry = await db.scalar(sa.select(AuditEntry).where(AuditEntry.operation == "pauseLocation"))
    assert entry is not None
    assert (entry.targets, entry.details["reason"]) == ([f"location:{other.id}"], "pipe")
