"""Goodwill: previewed to the cent, held to limits, approved by somebody else, given once, and apart in the books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from factories.auth import make_user
from factories.intake import Company
from factories.invoicing import accounts, credit_notes, ship
from factories.payments import ask, ask_capture, card, make_shop, only_money, paid_by
from kontor.audit import money
from kontor.audit.running import of_checks
from kontor.auth.models import User
from kontor.auth.permissions import Role, of_role
from kontor.claims import goodwill, queries
from kontor.claims.allowance import Allowance, Limit
from kontor.claims.errors import GoodwillAboveLimit, GoodwillTooMuch, GoodwillUnderWay, PreviewMoved
from kontor.claims.goodwill import GoodwillWish
from kontor.claims.limits import LimitRow, above_by_hand, allowance_of, limits_of, save_limits
from kontor.claims.models import Goodwill
from kontor.claims.states import GoodwillForm, GoodwillReason, GoodwillState
from kontor.core import outbox
from kontor.core.db import Database
from kontor.core.errors import Forbidden, InvalidInput
from kontor.core.pagination import PageRequest
from kontor.core.principal import Principal, PrincipalKind
from kontor.giftcards.models import GiftCard
from kontor.invoicing import service as invoicing
from kontor.orders.intake import PaymentInput
from kontor.orders.queries import get_order, lock_order
from kontor.payments.errors import RefundUnderWay
from kontor.payments.models import Refund
from kontor.payments.states import RefundState
from kontor.subscribers import SUBSCRIBERS
from support import Client, Drain, Principals, StandingClock

CREDIT, REFUND, VOUCHER = GoodwillForm.CREDIT, GoodwillForm.REFUND, GoodwillForm.VOUCHER
GRANT = """mutation($input: GrantGoodwillInput!) { grantGoodwill(input: $input) { __typename
  ... on GoodwillChanged { goodwill { id state amount { amount } } } ... on Error { code path } } }"""
PREVIEW = """query($input: PreviewGoodwillInput!) { previewGoodwill(input: $input) { token needsApproval
  tax { amount } available { amount } ownLimit { amount } lines { name gross { amount } }
  shares { payment { label } amount { amount } } } }"""


APPROVE = "mutation($id: UUID!) { approveGoodwill(id: $id) { ... on GoodwillChanged { goodwill { state } } } }"
LISTED = """query($from: DateTime!, $until: DateTime!) {
  goodwillReport(since: $from, until: $until) { form count amount { amount } }
  goodwill(filter: {state: [GRANTED], grantedFrom: $from, grantedUntil: $until}) { nodes { id orderNumber } } }"""
SAVE = """mutation($limits: [GoodwillLimitInput!]!, $before: [GoodwillLimitInput!]) {
  saveGoodwillLimits(limits: $limits, before: $before) { __typename
    ... on GoodwillLimitsSaved { limits { role perOrder changedBy } } ... on Error { code path details } } }"""


@pytest.fixture(autouse=True)
def _money_and_vouchers() -> Iterator[None]:
    with only_money():
        names = ("payments.", "invoicing.", "claims.", "care.")
        outbox.route({event: [job for job in jobs if job.startswith(names)] for event, jobs in SUBSCRIBERS.items()})
        yield


async def delivered(database: Database, drain: Drain, *promises: PaymentInput, company: Company | None = None) -> UUID:
    """An order of pieces at 10.00 that was sent, paid and invoiced."""
    order_id = await paid_by(database, company or await make_shop(database), *promises)
    await ask(database, "authorize", order_id)
    await drain()
    sent = await ship(database, order_id)
    await ask_capture(database, order_id, sum(item.amount for item in promises), final=True, shipment_id=sent)
    async with database.unit_of_work() as db:
        await invoicing.issue_invoices(db, [sent], now=db.now)
    assert await drain() == []
    return order_id


async def person(database: Database, role: Role) -> Principal:
    async with database.unit_of_work() as db:
        user: User = await make_user(db, role=role, name=role.title())
        return Principal(PrincipalKind.USER, user.id, user.name, frozenset(map(str, of_role(role))))


async def grant(
    database: Database, who: Principal, order_id: UUID, form: GoodwillForm, amount: int, **given: Any
) -> Goodwill:
    async with database.unit_of_work(who) as db:
        wish = GoodwillWish(form, amount, given.pop("reason", GoodwillReason.LATE), **given)
        return await goodwill.grant_goodwill(db, await lock_order(db, order_id), wish, now=db.now)


async def approve(database: Database, who: Principal, given: Goodwill) -> Goodwill:
    async with database.unit_of_work(who) as db:
        order = await lock_order(db, given.order_id)
        return await goodwill.approve_goodwill(db, order, await queries.get_goodwill(db, given.id), now=db.now)


async def limit(database: Database, role: Role, per_order: int, per_day: int) -> None:
    async with database.unit_of_work() as db:
        kept = [LimitRow(row.role, row.currency, row.per_order, row.per_day) for row in await limits_of(db)]
        await save_limits(db, [*kept, LimitRow(role.value, "EUR", per_order, per_day)])


async def test_a_credit_is_booked_as_it_was_previewed(database: Database, drain: Drain) -> None:
    order_id = await delivered(database, drain, card(3000))
    who = await person(database, Role.ADMIN)
    async with database.read_only(who) as db:
        shown = await goodwill.preview_goodwill(
            db, await get_order(db, order_id, who), GoodwillWish(CREDIT, 1001, GoodwillReason.QUALITY)
        )
    await grant(database, who, order_id, CREDIT, 1001, token=shown.token, reason=GoodwillReason.QUALITY)
    assert await drain() == []
    [note] = await credit_notes(database)
    assert (note.gross, note.tax) == (shown.amount, shown.tax) == (1001, 160)
    assert note.content["reason"] in ("Kulanz: Mangel", "Goodwill: defect")
    assert "GOODWILL" not in await accounts(database)
    with pytest.raises(PreviewMoved):
        await grant(database, who, order_id, CREDIT, 100, token=shown.token)
    assert await of_checks(database, money.CHECKS) == []


async def test_never_above_what_came_in_and_is_kept(database: Database, drain: Drain) -> None:
    """Whatever the form, and a voucher counts like money."""
    order_id = await delivered(database, drain, card(3000))
    who = await person(database, Role.ADMIN)
    await grant(database, who, order_id, VOUCHER, 1000)
    for form in GoodwillForm:
        with pytest.raises((GoodwillTooMuch, InvalidInput)) as refused:
            await grant(database, who, order_id, form, 2001)
        assert refused.value.params["available"] == 2000
    await grant(database, who, order_id, CREDIT, 1500)
    await grant(database, who, order_id, REFUND, 500)
    with pytest.raises(GoodwillTooMuch):
        await grant(database, who, order_id, VOUCHER, 1)
    assert await drain() == []
    async with database.read_only() as db:
        sums = await queries.goodwill_sums(db, db.now - timedelta(days=1), db.now + timedelta(days=1))
    assert {(row.form, row.amount) for row in sums} == {(VOUCHER, 1000), (CREDIT, 1500), (REFUND, 500)}
    assert await of_checks(database, money.CHECKS) == []


async def test_a_voucher_is_owed_from_the_day_it_is_issued(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await delivered(database, drain, card(3000))
    who = await person(database, Role.CARE_AGENT)
    given = await grant(database, who, order_id, VOUCHER, 700, recallable=True)
    assert await drain() == []
    assert "GOODWILL" not in await accounts(database)
    clock.advance(seconds=61)
    assert await drain() == []
    async with database.read_only(who) as db:
        issued = await queries.get_goodwill(db, given.id)
        made = await db.get_one(GiftCard, issued.card_id)
    assert (made.balance, made.multi_purpose, made.ending) == (700, True, (issued.code or "")[-4:])
    books = await accounts(database)
    assert (books["GOODWILL"], books["STORED_VALUE"]) == (700, -700)
    async with database.unit_of_work(who) as db:
        with pytest.raises(GoodwillUnderWay):
            await goodwill.recall_goodwill(db, await queries.get_goodwill(db, given.id), now=db.now)
    assert await of_checks(database, money.CHECKS) == []


@pytest.mark.parametrize("form", GoodwillForm)
async def test_above_the_limit_somebody_else_approves(database: Database, drain: Drain, form: GoodwillForm) -> None:
    order_id = await delivered(database, drain, card(9000))
    await limit(database, Role.CARE_AGENT, 2500, 10_000)
    await limit(database, Role.CARE_LEAD, 5000, 10_000)
    agent, lead = await person(database, Role.CARE_AGENT), await person(database, Role.CARE_LEAD)
    given = await grant(database, agent, order_id, form, 2501)
    assert given.state is GoodwillState.AWAITING_APPROVAL
    assert await drain() == []
    if given.refund_id:
        async with database.read_only() as db:
            assert (await db.get_one(Refund, given.refund_id)).state is RefundState.AWAITING_APPROVAL
    asked_by_lead = replace(agent, permissions=lead.permissions)
    with pytest.raises(Forbidden, match="Somebody else"):
        await approve(database, asked_by_lead, given)
    done = await approve(database, lead, given)
    assert (done.state, done.granted_by_id) == (GoodwillState.GRANTED, lead.id)
    assert await drain() == []
    above = await grant(database, agent, order_id, form, 2500)  # with what the order got before it is above
    assert above.state is GoodwillState.AWAITING_APPROVAL
    with pytest.raises(GoodwillAboveLimit) as refused:
        await approve(database, lead, above)
    assert refused.value.params["left"] == 2499
    async with database.unit_of_work(lead) as db:
        await goodwill.decline_goodwill(db, await queries.get_goodwill(db, above.id), reason="enough", now=db.now)
    assert await drain() == []
    async with database.read_only() as db:
        assert await queries.goodwill_sums(db, db.now - timedelta(days=1), db.now + timedelta(days=1)) != []
    assert await of_checks(database, money.CHECKS) == []


async def test_a_day_has_a_limit_of_its_own(database: Database, drain: Drain, clock: StandingClock) -> None:
    company = await make_shop(database)
    order_id = await delivered(database, drain, card(9000), company=company)
    await limit(database, Role.CARE_AGENT, 3000, 3000)
    agent = await person(database, Role.CARE_AGENT)
    await grant(database, agent, order_id, REFUND, 2000)
    other = await paid_by(database, company, card(1000))
    async with database.read_only(agent) as db:
        shown = await allowance_of(db, await get_order(db, other, agent))
        assert (shown.left, shown.on_order, shown.today) == (1000, 0, 2000)
    clock.advance(days=1)
    async with database.read_only(agent) as db:
        assert (await allowance_of(db, await get_order(db, other, agent))).left == 3000


async def test_recalled_while_it_waits(database: Database, drain: Drain, clock: StandingClock) -> None:
    order_id = await delivered(database, drain, card(3000))
    who = await person(database, Role.ADMIN)
    for form in GoodwillForm:
        given = await grant(database, who, order_id, form, 500, recallable=True)
        async with database.unit_of_work(who) as db:
            await lock_order(db, order_id)
            await goodwill.recall_goodwill(db, await queries.get_goodwill(db, given.id), now=db.now)
    clock.advance(seconds=90)
    assert await drain() == []
    assert await credit_notes(database) == []
    late = await grant(database, who, order_id, REFUND, 500)
    assert await drain() == []
    async with database.unit_of_work(who) as db:
        with pytest.raises(RefundUnderWay):
            await goodwill.recall_goodwill(db, await queries.get_goodwill(db, late.id), now=db.now)


async def test_through_the_api_a_double_click_gives_once(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    order_id = await delivered(database, drain, card(2000), PaymentInput("GIFT_CARD", 1000))
    asked: dict[str, Any] = {"orderId": str(order_id), "form": "CREDIT", "amount": {"amount": 1500, "currency": "EUR"}}
    shown = (await client.graphql(PREVIEW, {"input": asked}, principal=principals.admin))["data"]["previewGoodwill"]
    assert (shown["tax"], shown["available"], shown["ownLimit"]) == ({"amount": 240}, {"amount": 3000}, None)
    assert [share["amount"]["amount"] for share in shown["shares"]] == [1000, 500]
    wish = {"input": {**asked, "reason": "LATE", "token": shown["token"], "wait": False}}
    headers = {"idempotency-key": "twice"}
    answers = [
        (await client.graphql(GRANT, wish, principal=principals.admin, headers=headers))["data"]["grantGoodwill"]
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert "goodwill" in answers[0], answers[0]
    assert answers[0]["goodwill"]["state"] == "GRANTED"
    assert await drain() == []
    async with database.read_only() as db:
        page = await queries.list_goodwill(db, queries.GoodwillFilter(order_id=order_id), PageRequest(first=5))
    assert len(page.items) == 1
    refused = await client.graphql(
        GRANT, {"input": {**asked, "reason": "LATE", "token": "old"}}, principal=principals.admin
    )
    assert refused["data"]["grantGoodwill"] == {
        "__typename": "ConflictError", "code": "PREVIEW_MOVED", "path": ["token"],
    }  # fmt: skip


@pytest.mark.engine("sqlite")
async def test_limits_hold_in_every_currency_and_form(database: Database, drain: Drain) -> None:
    """Who is limited in one currency grants nothing alone in another; a voucher is held to the channel's limit, too."""
    order_id = await delivered(database, drain, card(20_000))
    agent = await person(database, Role.CARE_AGENT)
    assert (await grant(database, agent, order_id, VOUCHER, 5_000)).state is GoodwillState.GRANTED
    assert (await grant(database, agent, order_id, VOUCHER, 10_001)).state is GoodwillState.AWAITING_APPROVAL
    async with database.unit_of_work() as db:
        await save_limits(db, [LimitRow("CARE_AGENT", "CHF", 100, 100)])
    assert (await grant(database, agent, order_id, VOUCHER, 1)).state is GoodwillState.AWAITING_APPROVAL
    async with database.read_only(agent) as db:
        assert await above_by_hand(db, await get_order(db, order_id, agent), 1)


async def test_limits_that_somebody_else_changed_are_not_lost(
    database: Database, client: Client, principals: Principals, clock: StandingClock
) -> None:
    """Who saves says what they saw; what stays as it is keeps who set it."""
    agent = {"role": "CARE_AGENT", "currency": "EUR", "perOrder": 2500, "perDay": 10_000}
    lead = {"role": "CARE_LEAD", "currency": "EUR", "perOrder": 9000, "perDay": 20_000}
    async with database.unit_of_work() as db:
        await save_limits(db, [LimitRow("CARE_AGENT", "EUR", 2500, 10_000)])
    clock.advance(minutes=1)

    async def save(limits: list[Any], before: list[Any] | None) -> Any:
        given = {"limits": limits, "before": before}
        return (await client.graphql(SAVE, given, principal=principals.admin))["data"]["saveGoodwillLimits"]

    kept = (await save([agent, lead], [agent]))["limits"]
    assert [each["perOrder"] for each in kept] == [2500, 9000]
    assert kept[0]["changedBy"] != kept[1]["changedBy"]
    refused = await save([agent], [agent])
    assert (refused["code"], refused["path"]) == ("GOODWILL_LIMITS_MOVED", ["before"])
    assert refused["details"]["by"] == kept[1]["changedBy"]
    raised = {**lead, "perOrder": 9001}
    assert [each["perOrder"] for each in (await save([raised], [lead, agent]))["limits"]] == [9001]
    assert (await save([], [raised]))["limits"] == []
    assert (await save([agent], [raised]))["code"] == "GOODWILL_LIMITS_MOVED"


async def test_what_was_approved_by_a_person_can_be_recalled_and_is_listed_by_its_day(
    database: Database, drain: Drain, client: Client, clock: StandingClock
) -> None:
    order_id = await delivered(database, drain, card(9000))
    await limit(database, Role.CARE_AGENT, 100, 100)
    agent, lead = await person(database, Role.CARE_AGENT), await person(database, Role.CARE_LEAD)
    first = await grant(database, agent, order_id, REFUND, 2000)
    second = await grant(database, agent, order_id, VOUCHER, 1000)
    clock.advance(days=1)
    since = clock.moment
    for given in (first, second):
        answer = await client.graphql(APPROVE, {"id": str(given.id)}, principal=lead)
        assert answer["data"]["approveGoodwill"]["goodwill"]["state"] == "GRANTED"
    assert await drain() == []
    async with database.unit_of_work(lead) as db:
        await lock_order(db, order_id)
        await goodwill.recall_goodwill(db, await queries.get_goodwill(db, first.id), now=db.now)
    clock.advance(seconds=61)
    assert await drain() == []
    day = {"from": (since - timedelta(hours=1)).isoformat(), "until": (since + timedelta(hours=1)).isoformat()}
    listed = (await client.graphql(LISTED, day, principal=lead))["data"]
    assert listed["goodwillReport"] == [{"form": "VOUCHER", "count": 1, "amount": {"amount": 1000}}]
    async with database.read_only() as db:
        number = (await get_order(db, order_id, lead)).number
    assert listed["goodwill"]["nodes"] == [{"id": str(second.id), "orderNumber": number}]
    assert "GOODWILL" in await accounts(database)
    assert await of_checks(database, money.CHECKS) == []


def test_an_allowance_is_the_smaller_rest() -> None:
    assert Allowance().left is None
    assert Allowance().allows(10**9)
    assert Allowance(Limit(2500, 10_000), on_order=2500).left == 0
    assert not Allowance(Limit(2500, 3000), today=1000).allows(2001)
    assert Allowance(Limit(2500, 3000), today=4000).left == 0
