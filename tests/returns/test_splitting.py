"""One announcement with goods of several dropshippers: a return for each place that takes a part, seen by it alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.fulfillment import confirmed, sourced
from factories.intake import order_input, place
from factories.processes import deliver_all, ship_all
from factories.suppliers import Supplier, make_supplier
from kontor.audit.running import differences
from kontor.care import watching
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.claims import claiming
from kontor.claims.claiming import ClaimedPieces, Report, Verdict
from kontor.claims.states import ClaimKind, Remedy
from kontor.core.db import Database
from kontor.exchanges import service as exchanges
from kontor.exchanges.states import ExchangeWay
from kontor.exchanges.values import ExchangeWish, PiecesWish
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.imports.saving import touch_masters
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders.intake import PaymentInput
from kontor.orders.placing import Placed
from kontor.payments.models import Refund
from kontor.processes.models import UserTask
from kontor.returns import queries
from kontor.returns.models import Return
from kontor.returns.refunding import due_for
from kontor.returns.service import cancel_return, check_return
from kontor.returns.splitting import fewest
from kontor.returns.states import ReturnState
from support import Client, Drain, Principals

A, B, C, X, Y = (UUID(int=number) for number in range(1, 6))
REQUEST = """mutation($id: UUID!, $lines: [ReturnLineInput!]!) { requestReturn(orderId: $id, lines: $lines) { __typename
  ... on ReturnChanged { return { id number locationId fee { amount }
    announcedWith { id number locationId fee { amount } lines { orderLineId } } } } ... on Error { code message } } }"""
MINE = "{ partnerReturns { nodes { id number lines { id quantity } } } }"
DECIDE = """mutation($id: UUID!, $pieces: [PieceDecisionInput!]!) { decideReturn(id: $id, pieces: $pieces) { __typename
  ... on Error { code message } } }"""
TOGETHER = "query($id: UUID!) { return(id: $id) { announcedWith { id } } }"


def test_as_few_parcels_as_places_allow_and_of_these_the_cheapest() -> None:
    assert fewest({A: {X: 5}, B: {Y: 5}}) == [[A], [B]]
    assert fewest({A: {X: 900, Y: 100}, B: {X: 900, Y: 200}, C: {X: 5}}) == [[A, B, C]]
    assert fewest({A: {X: 900, Y: 100}, B: {X: 900, Y: 200}}) == [[A, B]]
    assert fewest({A: {X: 5}, B: {}, None: {}}) == [[A], [B, None]]
    assert fewest({A: {}}) == [[A]]


async def two_partners(database: Database, fee: int = 300) -> tuple[Supplier, Supplier]:
    """Two dropshippers take back what they sent; our own warehouse takes nothing."""
    first = await make_supplier(database, code="north", settings={"return_fee": fee, "return_review_above": 2500})
    second = await make_supplier(database, first.company, code="south")
    async with database.unit_of_work() as db:
        await db.execute(
            sa.update(StockLocation).where(StockLocation.id == first.company.warehouse.id).values(accepts_returns=False)
        )
        await touch_masters(db)
    return first, second


async def sent(database: Database, drain: Drain, supplier: Supplier) -> UUID:
    """An order of a lamp of each that arrived."""
    paid = (PaymentInput("CARD", 2000, token="tok_visa"),)
    wanted = order_input(supplier.company.channel, ("LAMP-north", 1), ("LAMP-south", 1), payments=paid)
    (placed,) = await place(database, supplier.company, wanted)
    assert isinstance(placed, Placed)
    await drain()
    await ship_all(database, placed.order_id)
    await drain()
    await deliver_all(database, placed.order_id)
    await drain()
    return placed.order_id


async def ask(client: Client, who: Any, text: str, **given: Any) -> Any:
    answer = await client.graphql(text, given, principal=who)
    assert "errors" not in answer, answer
    return next(iter(answer["data"].values()))


async def test_each_dropshipper_gets_a_return_of_its_own_and_all_is_refunded(
    database: Database, client: Client, drain: Drain, principals: Principals
) -> None:
    first, second = await two_partners(database)
    order_id = await sent(database, drain, first)
    async with database.read_only() as db:
        lines = (await orders.lines_of(db, [order_id]))[order_id]
    wishes = [{"orderLineId": str(line.id), "quantity": 1, "reason": "TOO_LARGE"} for line in lines]
    made = (await ask(client, principals.admin, REQUEST, id=str(order_id), lines=wishes))["return"]
    (other,) = made["announcedWith"]
    assert {made["locationId"], other["locationId"]} == {str(first.place.id), str(second.place.id)}
    assert [each["number"][-2:] for each in (made, other)] == ["-1", "-2"]
    assert [each["fee"]["amount"] for each in (made, other)] == [300, 0]  # kept once
    assert await drain() == []
    for supplier in (first, second):
        (mine,) = (await ask(client, supplier.principal, MINE))["nodes"]
        pieces = [{"lineId": row["id"], "quantity": 1, "condition": "NEW", "accepted": True} for row in mine["lines"]]
        foreign = {made["id"], other["id"]} - {mine["id"]}
        refused = await ask(client, supplier.principal, DECIDE, id=foreign.pop(), pieces=pieces)
        assert refused["code"] == "RETURN_NOT_FOUND"
        await ask(client, supplier.principal, DECIDE, id=mine["id"], pieces=pieces)
    assert await drain() == []
    store = principals.holding("returns:read", location_ids=frozenset({UUID(made["locationId"])}))
    assert (await ask(client, store, TOGETHER, id=made["id"]))["announcedWith"] == []
    async with database.read_only() as db:
        assert sum(await db.scalars(sa.select(Refund.amount))) == 2000 - 300
        labels = set(await db.scalars(sa.select(Return.label_tracking)))
    assert labels == {made["number"], other["number"]}
    assert await differences(database) == []


async def test_what_is_announced_together_is_looked_at_together(
    database: Database, client: Client, principals: Principals
) -> None:
    """Parts below the value that somebody looks at are not let through because they are parts."""
    first, _ = await two_partners(database)
    order_id = await confirmed(database, first.company, ("LAMP-north", 2), ("LAMP-south", 2))
    for row_id in (await sourced(database, order_id))[order_id].fulfillment_orders:
        async with database.unit_of_work() as db:
            await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
    async with database.read_only() as db:
        lines = (await orders.lines_of(db, [order_id]))[order_id]
    wishes = [{"orderLineId": str(line.id), "quantity": 2, "reason": "TOO_LARGE"} for line in lines]
    made = (await ask(client, principals.admin, REQUEST, id=str(order_id), lines=wishes))["return"]
    async with database.unit_of_work() as db:
        assert await check_return(db, UUID(made["id"])) == "REVIEW"
        assert len(await queries.announced_with(db, await db.get_one(Return, UUID(made["id"])))) == 2


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(("fee", "canceled", "refunds"), [(300, True, [700]), (1500, False, [0, 500])])
async def test_fee_is_kept_once_whatever_becomes_of_the_first_part(
    database: Database,
    client: Client,
    drain: Drain,
    principals: Principals,
    fee: int,
    canceled: bool,
    refunds: list[int],
) -> None:
    """The part that bears it is given up, or its goods are worth less than the fee."""
    first, second = await two_partners(database, fee)
    order_id = await sent(database, drain, first)
    async with database.read_only() as db:
        lines = (await orders.lines_of(db, [order_id]))[order_id]
    wishes = [{"orderLineId": str(line.id), "quantity": 1, "reason": "TOO_LARGE"} for line in lines]
    made = (await ask(client, principals.admin, REQUEST, id=str(order_id), lines=wishes))["return"]
    assert await drain() == []
    if canceled:
        async with database.unit_of_work() as db:
            await queries.lock_return(db, UUID(made["id"]))
            await cancel_return(db, UUID(made["id"]), reason="kept", now=db.now)
    for supplier in (first, second):
        for mine in (await ask(client, supplier.principal, MINE))["nodes"]:
            if canceled and mine["id"] == made["id"]:
                continue
            pieces = [
                {"lineId": row["id"], "quantity": 1, "condition": "NEW", "accepted": True} for row in mine["lines"]
            ]
            async with database.read_only() as db:
                found = await db.get_one(Return, UUID(mine["id"]))
                rows = (await queries.lines_of(db, [found.id]))[found.id]
                for row in rows:
                    row.accepted = row.quantity
                previewed = (await due_for(db, found, rows)).amount
                db.expunge_all()
            await ask(client, supplier.principal, DECIDE, id=mine["id"], pieces=pieces)
            assert await drain() == []
            async with database.read_only() as db:
                paid = await db.scalar(sa.select(Refund.amount).where(Refund.return_id == found.id))
            assert paid == previewed
    async with database.read_only() as db:
        assert sorted(await db.scalars(sa.select(Refund.amount))) == refunds
    assert await differences(database) == []


async def test_goods_of_two_that_come_back_by_claim_or_exchange_wait_for_somebody(
    database: Database, drain: Drain
) -> None:
    """One return has one place: where none takes all of it, nobody is told to send it nowhere."""
    first, _ = await two_partners(database)
    order_id = await sent(database, drain, first)
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        pieces = [ClaimedPieces(line.id, 1) for line in lines]
        claim = await claiming.open_claim(db, order, Report(ClaimKind.DAMAGED, pieces), now=db.now)
        await claiming.approve_claim(db, order, claim, Verdict(Remedy.REFUND, returns_goods=True), now=db.now)
    assert claim.return_id is not None
    assert await drain() == []
    async with database.unit_of_work() as db:
        found = await db.get_one(Return, claim.return_id)
        assert (found.state, found.location_id, found.expires_at) == (ReturnState.REQUESTED, None, None)
        assert await check_return(db, found.id) == "REVIEW"
        case = (await db.scalars(sa.select(Case).where(Case.kind == "RETURN_LABEL"))).one()
        assert (case.order_id, case.facts["code"], case.state) == (order_id, "NO_RETURN_PLACE", CaseState.OPEN)
        assert [task.name for task in await db.scalars(sa.select(UserTask))] == ["approve_return"]
        await cancel_return(db, found.id, reason="each partner alone", now=db.now)
    async with database.unit_of_work() as db:
        await watching.settle_gone(db, now=db.now)
    assert await drain() == []
    async with database.unit_of_work() as db:
        assert (await db.get_one(Case, case.id)).state is CaseState.DONE
        order = await orders.lock_order(db, order_id)
        wish = ExchangeWish(
            tuple(PiecesWish(line.id, 1, line.sku) for line in lines), ExchangeWay.AFTER_RETURN, replacement=True,
            anyway=True,
        )  # fmt: skip
        exchange = (await exchanges.create_exchange(db, order, wish, None, now=db.now)).exchange
    async with database.read_only() as db:
        assert (await db.get_one(Return, exchange.return_id)).state is ReturnState.REQUESTED
