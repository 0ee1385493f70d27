"""A partner decides about what came back: piece by piece, once, told to the customer, refunded by itself."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from documents.test_images import jpeg
from factories.fulfillment import stock_of
from factories.locations import make_location
from factories.processes import deliver_all, order_one, ship_all
from factories.returns import delivered, requested, return_lines
from factories.suppliers import Supplier, make_supplier
from kontor.audit.running import differences
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.locations.models import LocationKind
from kontor.notifications.models import Notification
from kontor.orders.intake import PaymentInput
from kontor.payments.models import Refund
from kontor.returns import deciding, labels, receiving, service
from kontor.returns.deciding import Condition, Decision
from kontor.returns.errors import NothingToInspect
from kontor.returns.models import Return, ReturnInspection
from kontor.returns.receiving import Arrived, Finding
from kontor.returns.states import Disposition
from support import Client, Drain, Principals, StandingClock

LAMP = "LAMP-ds"
RETURN = """mutation Decide($id: UUID!, $pieces: [PieceDecisionInput!]!) { decideReturn(id: $id, pieces: $pieces) {
  __typename
  ... on PartnerReturnChanged { return { phase lines { name accepted decisions { condition by } } photos { address } } }
  ... on Error { code path details } } }"""
PREVIEW = """query Preview($id: UUID!, $pieces: [PieceDecisionInput!]!) {
  previewReturnDecision(id: $id, pieces: $pieces) { subject text } }"""


async def coming(database: Database, supplier: Supplier, pieces: int = 3) -> Return:
    order_id = await delivered(database, supplier.company, (LAMP, pieces))
    return await requested(database, order_id, pieces, location_id=supplier.place.id)


async def decide(database: Database, supplier: Supplier, found: Return, *given: tuple[Any, ...]) -> Return:
    (line,) = await return_lines(database, found.id)
    decisions = [Decision(line.id, *each) for each in given]
    async with database.unit_of_work(supplier.principal) as db:
        return await deciding.decide_return(db, found.id, decisions, now=db.now, principal=supplier.principal)


async def test_part_is_accepted_and_refunded_the_rest_refused_and_the_customer_told_once(
    database: Database, drain: Drain
) -> None:
    supplier = await make_supplier(database)
    async with database.read_only() as db:
        variant = await db.get_one(ProductVariant, supplier.variant_id)
    paid = (PaymentInput("CARD", 3000, token="tok_visa"),)
    order_id = await order_one(database, supplier.company, variant, 3, payments=paid)
    await drain()
    await ship_all(database, order_id)
    await drain()
    await deliver_all(database, order_id)
    found = await requested(database, order_id, 3, location_id=supplier.place.id)
    await drain()
    await decide(
        database, supplier, found,
        (1, Condition.NEW, True), (1, Condition.BROKEN, True), (1, Condition.USED, False, "worn outdoors"),
    )  # fmt: skip
    assert await drain() == []
    assert (await stock_of(database, supplier.place.id, supplier.variant_id))[0] == 98  # only what is new is sold again
    async with database.read_only() as db:
        assert list(await db.scalars(sa.select(Refund.amount))) == [2000]
        told = list(await db.scalars(sa.select(Notification).order_by(Notification.id)))
    assert await differences(database) == []
    assert [row.template for row in told][-3:] == ["return_approved", "return_decided", "refunded"]
    assert "return_received" not in {row.template for row in told}


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ([(4, Condition.NEW, True)], "NOT_ANNOUNCED", ("pieces", 0, "quantity")),
        ([(2, Condition.NEW, True), (2, Condition.NEW, True)], "NOT_ANNOUNCED", ("pieces", 1, "quantity")),
        ([(1, Condition.USED, False)], "INVALID_RETURN", ("pieces", 0, "reason")),
        ([], "NOTHING_FOUND", ("pieces",)),
    ],
)
@pytest.mark.engine("sqlite")
async def test_wrong_decision_changes_nothing(
    database: Database, given: list[Any], code: str, path: tuple[Any, ...]
) -> None:
    supplier = await make_supplier(database)
    found = await coming(database, supplier)
    with pytest.raises(KontorError) as refusal:
        await decide(database, supplier, found, *given)
    assert (refusal.value.code, refusal.value.path) == (code, path)
    assert [line.received for line in await return_lines(database, found.id)] == [0]


async def test_who_comes_second_learns_by_whom_it_was_decided(database: Database) -> None:
    supplier = await make_supplier(database)
    found = await coming(database, supplier, 1)
    await decide(database, supplier, found, (1, Condition.NEW, True))
    with pytest.raises(KontorError) as refusal:
        await decide(database, supplier, found, (1, Condition.NEW, True))
    assert (refusal.value.code, refusal.value.params["by"]) == ("RETURN_ALREADY_DECIDED", "Kim")


async def test_parcel_nobody_announced_is_found_by_number_name_or_article_and_taken_in(database: Database) -> None:
    supplier = await make_supplier(database)
    other = await make_supplier(database, supplier.company, code="rival")
    order_id = await delivered(database, supplier.company, (LAMP, 2))
    async with database.read_only() as db:
        for text in ("100000", "greta", "desk LAMP", LAMP.lower()):
            (sent,) = await deciding.find_sent(db, text, now=db.now, principal=supplier.principal)
            assert (sent.order_id, sent.lines[0].returnable) == (order_id, 2)
            assert await deciding.find_sent(db, text, now=db.now, principal=other.principal) == []
    pieces = [(sent.lines[0].order_line_id, 1)]
    async with database.unit_of_work(supplier.principal) as db:
        found = await deciding.announce_arrived(db, order_id, pieces, now=db.now, principal=supplier.principal)
    assert (str(found.state), found.location_id) == ("RECEIVED", supplier.place.id)
    with pytest.raises(KontorError) as refusal:
        async with database.unit_of_work(other.principal) as db:
            await deciding.announce_arrived(db, order_id, pieces, now=db.now, principal=other.principal)
    assert refusal.value.code == "ORDER_NOT_FOUND"


async def test_label_is_mailed_again_once_however_often_it_is_asked_for(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    supplier = await make_supplier(database)
    found = await coming(database, supplier)
    async with database.unit_of_work() as db:
        await service.approve(db, found.id, now=db.now)
    await drain()
    clock.advance(days=20)
    for _ in range(2):
        async with database.unit_of_work(supplier.principal) as db:
            renewed = await labels.renew_label(db, found.id, now=db.now, principal=supplier.principal)
    await drain()
    assert renewed.expires_at is not None
    assert (renewed.expires_at - clock.moment).days == 30
    async with database.read_only() as db:
        count = sa.select(sa.func.count()).where(Notification.template == "return_approved")
        assert await db.scalar(count) == 2  # the first, and the new one


async def test_return_with_a_renewed_label_lives_as_long_as_that_label(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    supplier = await make_supplier(database)
    found = await coming(database, supplier, 1)
    late = await coming(database, supplier, 1)
    async with database.unit_of_work() as db:
        await service.approve(db, found.id, now=db.now)
        await service.approve(db, late.id, now=db.now)
    await drain()
    clock.advance(days=20)
    for each in (found, late):
        async with database.unit_of_work(supplier.principal) as db:
            await labels.renew_label(db, each.id, now=db.now, principal=supplier.principal)
    await drain()
    clock.advance(days=15)  # the first label would have ended
    await drain()
    assert await states(database) == ["APPROVED", "APPROVED"]
    await decide(database, supplier, found, (1, Condition.NEW, True))
    await drain()
    assert await states(database) == ["CLOSED", "APPROVED"]  # its process waited for the goods
    clock.advance(days=16)
    await drain()
    assert await states(database) == ["CLOSED", "CANCELED"]


async def states(database: Database) -> list[str]:
    async with database.read_only() as db:
        return [row.state.value for row in await db.scalars(sa.select(Return).order_by(Return.id))]


async def test_partner_decides_only_about_what_lies_at_its_own_places(database: Database) -> None:
    supplier = await make_supplier(database)
    other = await make_supplier(database, supplier.company, code="rival")
    found = await coming(database, supplier, 3)
    (line,) = await return_lines(database, found.id)
    async with database.unit_of_work() as db:
        await receiving.receive_return(db, found.id, other.place.id, [Arrived(line.id, 1)], now=db.now)
        await receiving.receive_return(db, found.id, supplier.place.id, [Arrived(line.id, 1)], now=db.now)
    with pytest.raises(KontorError) as refusal:
        await decide(database, supplier, found, (3, Condition.NEW, True))
    assert (refusal.value.code, refusal.value.path) == ("NOT_ANNOUNCED", ("pieces", 0, "quantity"))
    await decide(database, supplier, found, (1, Condition.NEW, True))
    await decide(database, supplier, found, (1, Condition.NEW, True))  # comes with the decision
    with pytest.raises(KontorError) as refusal:
        await decide(database, supplier, found, (1, Condition.NEW, True))
    assert refusal.value.code == "NOT_ANNOUNCED"
    async with database.unit_of_work(supplier.principal) as db:
        there = Finding(line.id, 1, Disposition.RESTOCK, location_id=other.place.id)
        with pytest.raises(NothingToInspect):
            await receiving.inspect_return(db, found.id, [there], now=db.now, principal=supplier.principal)
    assert (await stock_of(database, supplier.place.id, supplier.variant_id))[0] == 99


async def test_partner_with_two_places_decides_about_pieces_wherever_they_lie(database: Database) -> None:
    supplier = await make_supplier(database)
    async with database.unit_of_work() as db:
        second = await make_location(
            db, kind=LocationKind.DROPSHIPPER, partner_id=supplier.partner.id, accepts_returns=True
        )
    found = await coming(database, supplier, 4)
    (line,) = await return_lines(database, found.id)
    async with database.unit_of_work() as db:
        await receiving.receive_return(db, found.id, second.id, [Arrived(line.id, 2)], now=db.now)
        await receiving.receive_return(db, found.id, supplier.place.id, [Arrived(line.id, 1)], now=db.now)
    await decide(database, supplier, found, (1, Condition.NEW, True), (3, Condition.BROKEN, True))
    async with database.read_only() as db:
        looked = sa.select(ReturnInspection.location_id, sa.func.sum(ReturnInspection.quantity))
        grouped = await db.execute(looked.group_by(ReturnInspection.location_id))
        sums = {place: int(count) for place, count in grouped}
    assert sums == {second.id: 2, supplier.place.id: 2}  # the one that had not come yet comes to the return's place


@pytest.mark.engine("sqlite")
async def test_the_api_shows_pieces_and_photos_no_price_and_nothing_to_others(
    database: Database, client: Client, principals: Principals
) -> None:
    supplier = await make_supplier(database)
    other = await make_supplier(database, supplier.company, code="rival")
    found = await coming(database, supplier, 2)
    (line,) = await return_lines(database, found.id)
    mine, theirs = client.acting(supplier.principal), client.acting(other.principal)
    photos = f"/files/returns/{found.id}/photos"
    kept = await client.http.post(photos, content=jpeg(), headers=mine)
    address = kept.json()["address"]
    shown = await client.http.get(address, headers=mine)
    assert (shown.content, shown.headers["content-type"]) == (jpeg(), "image/jpeg")
    assert [(await client.http.get(address, headers=each)).status_code for each in (theirs, {})] == [404, 401]
    assert (await client.http.post(photos, content=jpeg(), headers=theirs)).status_code == 404
    refused = await client.http.post(photos, content=b"<svg>", headers=mine)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "IMAGE_KIND_UNKNOWN")

    piece = {"lineId": str(line.id), "quantity": 1, "condition": "USED", "accepted": False, "reason": "worn outdoors"}
    given = {"id": str(found.id), "pieces": [piece]}
    told = (await client.graphql(PREVIEW, given, principal=supplier.principal))["data"]["previewReturnDecision"]
    assert "1 × Desk lamp (worn outdoors)" in told["text"]
    assert "€" not in told["text"]
    assert "EUR" not in told["text"]
    answer = (await client.graphql(RETURN, given, principal=other.principal))["data"]["decideReturn"]
    assert answer["code"] == "RETURN_NOT_FOUND"
    answer = (await client.graphql(RETURN, given, principal=supplier.principal))["data"]["decideReturn"]
    assert answer["return"]["lines"][0]["decisions"] == [{"condition": "USED", "by": "Kim"}]
    assert answer["return"]["photos"] == [{"address": address}]
    for field in ("fee { amount }", "lines { refunded }"):
        query = f"{{ partnerReturns {{ nodes {{ {field} }} }} }}"
        assert "errors" in await client.graphql(query, principal=supplier.principal)
