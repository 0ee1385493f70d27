"""Claims: what is wrong, damaged or missing ends in money or goodwill, with the goods or without, and true counts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.auth import make_user
from factories.catalog import make_variant
from factories.fulfillment import stock_of
from factories.intake import Company, put_stock
from factories.invoicing import accounts, credit_notes
from factories.processes import deliver_all, make_store, order_one, ship_all, work_of
from factories.returns import requested, return_lines
from kontor.audit.running import differences
from kontor.auth.permissions import Role, of_role
from kontor.care.models import Case
from kontor.changes.errors import NotChangeable
from kontor.claims import claiming, goodwill, queries
from kontor.claims.claiming import ClaimedPieces, Report, Verdict
from kontor.claims.errors import ClaimAboveLimit, InvalidClaim, NotClaimable
from kontor.claims.limits import LimitRow, save_limits
from kontor.claims.models import Claim
from kontor.claims.states import ClaimKind, ClaimState, Fault, GoodwillForm, GoodwillState, Remedy
from kontor.core.db import Database
from kontor.core.principal import SYSTEM, Principal, PrincipalKind
from kontor.core.statemachine import TransitionRefused
from kontor.fulfillment import queries as work_queries
from kontor.fulfillment.canceling import cancel_lines
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.values import Pieces
from kontor.notifications.models import Notification
from kontor.orders import queries as orders
from kontor.orders.intake import Address, PaymentInput
from kontor.payments.queries import read_payments
from kontor.returns import service as returns
from kontor.returns.errors import NotReturnable
from kontor.returns.models import Return
from kontor.returns.receiving import Arrived, Finding, receive_return
from kontor.returns.service import cancel_return
from kontor.returns.states import Disposition, ReturnState
from support import Drain

WRONG, DAMAGED, MISSING = ClaimKind.WRONG, ClaimKind.DAMAGED, ClaimKind.MISSING


async def arrived(database: Database, drain: Drain, pieces: int = 3) -> tuple[Company, Any, UUID]:
    """An order of so many pieces at 10.00, paid by card, that arrived."""
    company, variant = await make_store(database)
    paid = (PaymentInput("CARD", 1000 * pieces, token="tok_visa"),)
    order_id = await order_one(database, company, variant, pieces, payments=paid)
    for step in (ship_all, deliver_all):
        await drain()
        await step(database, order_id)
    await drain()
    return company, variant, order_id


async def opened(database: Database, order_id: UUID, kind: ClaimKind, pieces: int = 1, **given: Any) -> Claim:
    came = given.pop("came", None)
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        line = (await orders.lines_of(db, [order_id]))[order_id][0]
        return await claiming.open_claim(
            db, order, Report(kind, [ClaimedPieces(line.id, pieces, came)], **given), now=db.now
        )


async def decided(database: Database, claim: Claim, verdict: Verdict, who: Principal = SYSTEM) -> Claim:
    async with database.unit_of_work(who) as db:
        order = await orders.lock_order(db, claim.order_id)
        return await claiming.approve_claim(db, order, await queries.get_claim(db, claim.id), verdict, now=db.now)


async def read(database: Database, claim: Claim) -> Claim:
    async with database.read_only() as db:
        return await queries.get_claim(db, claim.id)


async def test_a_missing_piece_is_paid_back_without_coming_back(database: Database, drain: Drain) -> None:
    """It was still on the shelf, so the count is put right, and its money and tax go back like that of a return."""
    company, variant, order_id = await arrived(database, drain)
    before = (await stock_of(database, company.warehouse.id, variant.id))[0]
    claim = await opened(database, order_id, MISSING, returns_goods=True)
    assert (claim.number.startswith("C"), claim.returns_goods) == (True, False)
    await decided(database, claim, Verdict(Remedy.REFUND, returns_goods=True, corrects_stock=True))
    assert await drain() == []
    done = await read(database, claim)
    assert (done.state, done.corrects_stock, done.returns_goods) == (ClaimState.RESOLVED, True, False)
    assert (await stock_of(database, company.warehouse.id, variant.id))[0] == before + 1
    [note] = await credit_notes(database)
    assert note.gross == 1000
    async with database.read_only() as db:
        assert (await db.get_one(Return, done.return_id)).state is ReturnState.CLOSED
    with pytest.raises(NotReturnable):  # what was written off does not come back as well
        await requested(database, order_id, 3)
    assert "GOODWILL" not in await accounts(database)
    assert await differences(database) == []


async def test_a_damaged_piece_comes_back_before_it_is_paid(database: Database, drain: Drain) -> None:
    company, variant, order_id = await arrived(database, drain)
    before = (await stock_of(database, company.warehouse.id, variant.id))[0]
    claim = await opened(database, order_id, DAMAGED, 2)
    claim = await decided(
        database, claim, Verdict(Remedy.REFUND, returns_goods=True, fault=Fault.CARRIER, corrects_stock=True)
    )
    assert await drain() == []
    assert (await read(database, claim)).state is ClaimState.APPROVED
    assert claim.return_id is not None
    (line,) = await return_lines(database, claim.return_id)
    async with database.unit_of_work() as db:
        findings = [Finding(line.id, 2, Disposition.SCRAP)]
        await receive_return(
            db, claim.return_id, company.warehouse.id, [Arrived(line.id, 2)], now=db.now, findings=findings
        )
    assert await drain() == []
    done = await read(database, claim)
    assert (done.state, done.corrects_stock) == (ClaimState.RESOLVED, False)
    assert (await stock_of(database, company.warehouse.id, variant.id))[0] == before
    assert await differences(database) == []


async def test_a_wrong_article_changes_the_counts_of_both(database: Database, drain: Drain) -> None:
    """The ordered one is still there, the other left; when that comes back, it is the other that can be sold again."""
    company, variant, order_id = await arrived(database, drain)
    async with database.unit_of_work() as db:
        other = await make_variant(db, sku="CAP")
    await put_stock(database, company.warehouse.id, other.id, 5)
    here = company.warehouse.id
    before = (await stock_of(database, here, variant.id))[0]
    claim = await opened(database, order_id, WRONG, came="CAP")
    claim = await decided(database, claim, Verdict(Remedy.REFUND, returns_goods=True, corrects_stock=True))
    assert (await stock_of(database, here, variant.id))[0] == before + 1
    assert (await stock_of(database, here, other.id))[0] == 4
    assert await drain() == []
    assert claim.return_id is not None
    (line,) = await return_lines(database, claim.return_id)
    async with database.unit_of_work() as db:
        findings = [Finding(line.id, 1, Disposition.RESTOCK)]
        await receive_return(db, claim.return_id, here, [Arrived(line.id, 1)], now=db.now, findings=findings)
    assert await drain() == []
    assert (await stock_of(database, here, variant.id))[0] == before + 1
    assert (await stock_of(database, here, other.id))[0] == 5
    assert (await read(database, claim)).state is ClaimState.RESOLVED
    assert await differences(database) == []


async def test_goodwill_that_is_not_approved_leaves_the_claim_to_be_decided_again(
    database: Database, drain: Drain
) -> None:
    _, _, order_id = await arrived(database, drain)
    async with database.unit_of_work() as db:
        await save_limits(db, [LimitRow("CARE_AGENT", "EUR", 100, 100)])
        user = await make_user(db, role=Role.CARE_AGENT)
    agent = Principal(PrincipalKind.USER, user.id, "Kim", frozenset(map(str, of_role(Role.CARE_AGENT))))
    claim = await opened(database, order_id, DAMAGED)
    verdict = Verdict(Remedy.GOODWILL, form=GoodwillForm.CREDIT, amount=400)
    claim = await decided(database, claim, verdict, agent)
    assert claim.state is ClaimState.APPROVED
    async with database.unit_of_work() as db:
        await orders.lock_order(db, order_id)
        given = await queries.get_goodwill(db, claim.goodwill_id or UUID(int=0))
        assert given.state is GoodwillState.AWAITING_APPROVAL
        await goodwill.decline_goodwill(db, given, reason="too much", now=db.now)
    assert await drain() == []
    assert (await read(database, claim)).remedy is None
    await decided(database, claim, Verdict(Remedy.GOODWILL, form=GoodwillForm.CREDIT, amount=100), agent)
    assert await drain() == []
    assert (await read(database, claim)).state is ClaimState.RESOLVED
    with pytest.raises(TransitionRefused):
        await decided(database, claim, verdict)
    assert await differences(database) == []


async def test_what_was_not_sent_or_is_claimed_cannot_be_claimed(database: Database, drain: Drain) -> None:
    _, _, order_id = await arrived(database, drain)
    first = await opened(database, order_id, MISSING, 2)
    with pytest.raises(NotClaimable) as refused:
        await opened(database, order_id, DAMAGED, 2)
    assert (refused.value.path, refused.value.params["possible"]) == (("lines", 0, "quantity"), 1)
    with pytest.raises(InvalidClaim):
        await opened(database, order_id, DAMAGED, came="LAMP")
    with pytest.raises(InvalidClaim, match="partner"):
        await decided(database, first, Verdict(Remedy.REFUND, fault=Fault.PARTNER))
    async with database.unit_of_work() as db:
        claiming.deny_claim(db, await queries.get_claim(db, first.id), reason="it was there", now=db.now)
    again = await opened(database, order_id, MISSING, 3)
    async with database.unit_of_work() as db:
        claiming.cancel_claim(db, await queries.get_claim(db, again.id), reason="found it", now=db.now)
    assert await drain() == []


async def test_much_money_is_decided_by_who_may_approve(database: Database, drain: Drain) -> None:
    _, _, order_id = await arrived(database, drain, 11)
    claim = await opened(database, order_id, MISSING, 11)
    agent = Principal(PrincipalKind.USER, UUID(int=3), "Kim", frozenset(map(str, of_role(Role.CARE_AGENT))))
    lead = Principal(PrincipalKind.USER, UUID(int=4), "Lea", frozenset(map(str, of_role(Role.CARE_LEAD))))
    with pytest.raises(ClaimAboveLimit):
        await decided(database, claim, Verdict(Remedy.REFUND), agent)
    await decided(database, claim, Verdict(Remedy.REFUND), lead)
    assert await drain() == []
    assert (await read(database, claim)).state is ClaimState.RESOLVED


@pytest.mark.engine("sqlite")
async def test_a_replacement_that_comes_to_nothing_is_decided_again(database: Database, drain: Drain) -> None:
    """Its return was called off, and then its new pieces: nobody waits for goods that never come."""
    _, _, order_id = await arrived(database, drain)
    claim = await opened(database, order_id, DAMAGED, wished=Remedy.REPLACEMENT)
    claim = await decided(database, claim, Verdict(Remedy.REPLACEMENT, returns_goods=True, advance=True))
    assert await drain() == []
    assert claim.return_id is not None
    async with database.read_only() as db:
        told = sa.select(Notification.template, Notification.context)
        mails = {row.template: row.context for row in await db.execute(told.where(Notification.order_id == order_id))}
        assert "claim_approved" not in mails  # one decision is one mail
        assert mails["exchange_agreed"]["about"]["replacement"]
    async with database.unit_of_work() as db:
        await cancel_return(db, claim.return_id, reason="kept", now=db.now)
    assert await drain() == []
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        await cancel_lines(db, order, lines, {lines[1].id: 1}, reason="kept the first", now=db.now)
    assert await drain() == []
    now = await read(database, claim)
    assert (now.state, now.remedy, now.return_id) == (ClaimState.APPROVED, None, None)


@pytest.mark.engine("sqlite")
async def test_a_replacement_goes_to_another_address_or_nothing_is_decided(database: Database, drain: Drain) -> None:
    _, _, order_id = await arrived(database, drain)
    there, farther = (Address("Greta Fock", f"Kai {n}", "20457", "Hamburg", "DE") for n in (7, 8))
    first = await opened(database, order_id, MISSING, wished=Remedy.REPLACEMENT)
    await decided(database, first, Verdict(Remedy.REPLACEMENT, address=there))
    assert await drain() == []
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        assert (order.shipping_address or {})["street"] == "Kai 7"
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        assert [(line.ordered, line.shipped) for line in lines] == [(3, 3), (1, 0)]
        begun = sa.update(FulfillmentOrder).where(FulfillmentOrder.state == FulfillmentState.OPEN)
        await db.execute(begun.values(state=FulfillmentState.PICKED))
    second = await opened(database, order_id, MISSING, wished=Remedy.REPLACEMENT)
    wrong: tuple[tuple[Remedy, type[Exception]], ...] = (
        (Remedy.REPLACEMENT, NotChangeable), (Remedy.REFUND, InvalidClaim),
    )  # fmt: skip
    for remedy, refusal in wrong:
        with pytest.raises(refusal):
            await decided(database, second, Verdict(remedy, address=farther))
        assert (await read(database, second)).state is ClaimState.OPEN
    await decided(database, second, Verdict(Remedy.REPLACEMENT, address=there))  # where it goes anyway


async def test_a_wrong_article_is_replaced_by_the_right_one(database: Database, drain: Drain) -> None:
    """The article that was ordered leaves at once, for nothing; what came in its place comes back as what it is."""
    company, variant, order_id = await arrived(database, drain)
    async with database.unit_of_work() as db:
        other = await make_variant(db, sku="CAP")
    await put_stock(database, company.warehouse.id, other.id, 5)
    claim = await opened(database, order_id, WRONG, came="CAP", wished=Remedy.REPLACEMENT)
    verdict = Verdict(Remedy.REPLACEMENT, returns_goods=True, corrects_stock=True, advance=True)
    claim = await decided(database, claim, verdict)
    assert await drain() == []
    for step in (ship_all, deliver_all):
        await step(database, order_id)
        assert await drain() == []
    assert (await read(database, claim)).state is ClaimState.RESOLVED
    assert claim.return_id is not None
    (line,) = await return_lines(database, claim.return_id)
    async with database.unit_of_work() as db:
        findings = [Finding(line.id, 1, Disposition.RESTOCK)]
        await receive_return(
            db, claim.return_id, company.warehouse.id, [Arrived(line.id, 1)], now=db.now, findings=findings
        )
    assert await drain() == []
    assert (await stock_of(database, company.warehouse.id, other.id))[0] == 5
    async with database.read_only() as db:
        (payment,) = await read_payments(db, order_id)
        assert [row.sku for row in (await orders.lines_of(db, [order_id]))[order_id]] == [variant.sku, variant.sku]
    assert (payment.captured, payment.refunded) == (3000, 0)
    assert await differences(database) == []


async def recalled(database: Database, claim: Claim) -> None:
    async with database.unit_of_work() as db:
        await orders.lock_order(db, claim.order_id)
        given = await queries.get_goodwill(db, claim.goodwill_id or UUID(int=0))
        await goodwill.recall_goodwill(db, given, now=db.now)


async def claim_cases(database: Database, claim: Claim) -> list[str]:
    async with database.read_only() as db:
        found = sa.select(Case.state).where(Case.order_id == claim.order_id, Case.kind == "CLAIM").order_by(Case.id)
        return [str(state) for state in await db.scalars(found)]


async def test_what_is_called_off_is_decided_again(database: Database, drain: Drain) -> None:
    """Goodwill that is recalled and a return nobody sent leave the claim open, and its case is raised anew."""
    _, _, order_id = await arrived(database, drain)
    claim = await opened(database, order_id, DAMAGED)
    verdict = Verdict(Remedy.GOODWILL, form=GoodwillForm.CREDIT, amount=400, wait=True)
    claim = await decided(database, claim, verdict)
    assert claim.state is ClaimState.APPROVED
    async with database.unit_of_work() as db:
        with pytest.raises(TransitionRefused):
            claiming.deny_claim(db, await queries.get_claim(db, claim.id), reason="too early", now=db.now)
    await recalled(database, claim)
    assert await drain() == []
    claim = await read(database, claim)
    assert (claim.state, claim.remedy, claim.goodwill_id) == (ClaimState.APPROVED, None, None)
    claim = await decided(database, claim, Verdict(Remedy.REFUND, returns_goods=True))
    assert await drain() == []
    async with database.unit_of_work() as db:
        await returns.cancel_return(db, claim.return_id or UUID(int=0), reason="keeps it", now=db.now)
    assert await drain() == []
    claim = await read(database, claim)
    assert (claim.state, claim.remedy, claim.return_id) == (ClaimState.APPROVED, None, None)
    assert await claim_cases(database, claim) == ["DONE", "DONE", "OPEN"]
    async with database.unit_of_work() as db:
        claiming.cancel_claim(db, await queries.get_claim(db, claim.id), reason="keeps it", now=db.now)
    assert await drain() == []
    assert set(await claim_cases(database, claim)) == {"DONE"}
    assert await differences(database) == []


@pytest.mark.engine("sqlite")
async def test_the_claimed_shipment_is_paid_back_and_not_announced_meanwhile(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant, 2)
    for _ in range(2):
        await drain()
        (row,) = [each for each in await work_of(database, order_id) if str(each.state) != "SHIPPED"]
        async with database.unit_of_work() as db:
            (line,) = (await work_queries.lines_of(db, [row.id]))[row.id]
            await ship(db, Shipping(row.id, pieces=(Pieces(line.id, 1),)), now=db.now, how=How(accepts_open=True))
    first, second = [await opened(database, order_id, MISSING) for _ in range(2)]
    async with database.read_only() as db:
        (mine,) = await queries.lines_of_claim(db, second.id)
        waiting = await queries.waiting_pieces(db, order_id)
    assert list(waiting.values()) == [1, 1]
    with pytest.raises(NotReturnable):
        await requested(database, order_id, 1, taken=waiting)
    second = await decided(database, second, Verdict(Remedy.REFUND))
    (back,) = await return_lines(database, second.return_id or UUID(int=0))
    assert back.shipment_line_id == mine.shipment_line_id
    with pytest.raises(InvalidClaim, match="ordered"):
        await opened(database, order_id, WRONG, came=variant.sku)
    assert (await read(database, first)).state is ClaimState.OPEN


@pytest.mark.engine("sqlite")
async def test_claims_of_an_order_count_together(database: Database, drain: Drain) -> None:
    _, _, order_id = await arrived(database, drain, 12)
    agent = Principal(PrincipalKind.USER, UUID(int=3), "Kim", frozenset(map(str, of_role(Role.CARE_AGENT))))
    first, second = [await opened(database, order_id, MISSING, 6) for _ in range(2)]
    await decided(database, first, Verdict(Remedy.REFUND), agent)
    with pytest.raises(ClaimAboveLimit):
        await decided(database, second, Verdict(Remedy.REFUND), agent)
