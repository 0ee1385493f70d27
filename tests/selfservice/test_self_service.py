"""A customer of a shop does alone what the rules of the channel allow, and is told in words why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from factories.catalog import make_variant
from factories.fulfillment import confirmed, order_of, pieces_of, released, shipped
from factories.intake import Company, make_company, put_stock
from factories.stories import only
from kontor.auth import limits
from kontor.auth.permissions import CUSTOMER
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind
from kontor.fulfillment import answering
from kontor.orders import queries as orders
from kontor.orders.intake import CustomerInput
from support import Client, Principals, StandingClock

GRETA = {"customer": CustomerInput("Greta Fock", "greta@fock.example", "greta")}
MAY = """query($id: UUID!) { selfService(orderId: $id) {
  acts { act allowed code message } lines { cancelable returnable returnableUntil } } }"""
CANCEL = """mutation($id: UUID!, $lines: [LineQuantityInput!]) {
  cancelOrderLines(orderId: $id, reason: "changed my mind", lines: $lines) { __typename
    ... on LinesCanceled { canceled asked } ... on Error { code message } } }"""
RETURN = """mutation($id: UUID!, $lines: [ReturnLineInput!]!) { requestReturn(orderId: $id, lines: $lines) {
  __typename ... on ReturnChanged { return { state } } ... on Error { code message } } }"""
SAVE = """mutation($channel: String!, $rules: SelfServicePolicyInput!) {
  saveSelfServicePolicy(channel: $channel, rules: $rules) { __typename
    ... on SelfServicePolicy { version cancel returnDays } ... on Error { code path } } }"""

SAVE_FROM = """mutation($channel: String!, $rules: SelfServicePolicyInput!, $validFrom: DateTime, $newest: Int) {
  saveSelfServicePolicy(channel: $channel, rules: $rules, validFrom: $validFrom, newest: $newest) {
    ... on SelfServicePolicy { version } ... on Error { code path } } }"""
CHANNELS = "{ selfServiceChannels { inForce { version cancel } shipped { cancel } versions { version cancel } } }"


@pytest.fixture(autouse=True)
def _nothing_reacts(runtime: Runtime) -> Iterator[None]:
    with only():
        yield


class Shopper:
    """A customer with a token of the shop."""

    def __init__(self, client: Client, company: Company, customer_id: UUID | None) -> None:
        self._client = client
        self.principal = Principal(
            PrincipalKind.CUSTOMER, customer_id, "Greta", frozenset(map(str, CUSTOMER)),
            channel_ids=frozenset({company.channel.id}), customer_id=customer_id,
        )  # fmt: skip

    async def ask(self, document: str, language: str = "en", **variables: Any) -> Any:
        """The first field of the answer, or the code of the error."""
        headers = {"accept-language": language}
        answer = await self._client.graphql(document, variables, principal=self.principal, headers=headers)
        if answer.get("errors"):
            return answer["errors"][0]["extensions"]["code"]
        return next(iter(answer["data"].values()))


async def shop(database: Database) -> Company:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 50)
    return company


async def line_of(database: Database, order_id: UUID) -> str:
    async with database.read_only() as db:
        return str((await orders.lines_of(db, [order_id]))[order_id][0].id)


async def allow(client: Client, principals: Principals, company: Company, **rules: Any) -> dict[str, Any]:
    given = {"channel": company.channel.code, "rules": rules}
    answer = await client.graphql(SAVE, given, principal=principals.admin)
    saved: dict[str, Any] = answer["data"]["saveSelfServicePolicy"]
    return saved


async def test_what_is_not_begun_is_canceled_and_what_is_begun_is_refused_in_words(
    database: Database, client: Client, principals: Principals
) -> None:
    company = await shop(database)
    order_id, row_id = await released(database, company, ("LAMP", 3), **GRETA)
    order = await order_of(database, order_id)
    greta = Shopper(client, company, order.customer_id)
    line = await line_of(database, order_id)
    one = [{"lineId": line, "quantity": 1}]
    assert (await greta.ask(MAY, id=str(order_id)))["lines"][0]["cancelable"] == 3
    assert (await greta.ask(CANCEL, id=str(order_id), lines=one))["canceled"] == 1
    assert (await allow(client, principals, company, reduce="NEVER"))["version"] == 1
    refused = await greta.ask(CANCEL, "de", id=str(order_id), lines=one)
    assert (refused["code"], refused["message"][:31]) == ("SELF_SERVICE_NOT_OFFERED", "Das bietet der Shop nicht onlin")
    assert (await allow(client, principals, company))["version"] == 2
    async with database.unit_of_work() as db:
        await answering.accept(db, answering.Acceptance(row_id), now=db.now)
    late = await greta.ask(CANCEL, id=str(order_id), lines=None)
    assert late["code"] == "SELF_SERVICE_TOO_LATE"
    assert late["message"].startswith("Your order is already being prepared")
    told = await greta.ask(MAY, id=str(order_id))
    assert told["lines"][0]["cancelable"] == 0
    assert {row["act"] for row in told["acts"] if row["allowed"]} == set()
    # Where the shop lets its customers ask, the place is asked.
    await allow(client, principals, company, cancel="SHIPPED", reduce="SHIPPED")
    asked = await greta.ask(CANCEL, id=str(order_id), lines=None)
    assert (asked["canceled"], asked["asked"]) == (0, 2)
    assert (await pieces_of(database, row_id))[0].quantity == 2


async def test_without_lines_the_customer_cancels_only_what_is_not_begun(database: Database, client: Client) -> None:
    company = await shop(database)
    order_id = await confirmed(database, company, ("LAMP", 2), **GRETA)
    greta = Shopper(client, company, (await order_of(database, order_id)).customer_id)
    assert (await greta.ask(CANCEL, id=str(order_id), lines=None))["canceled"] == 2
    assert (await greta.ask(CANCEL, id=str(order_id), lines=None))["canceled"] == 0


async def test_returns_keep_to_the_days_of_the_rules(
    database: Database, client: Client, principals: Principals
) -> None:
    company = await shop(database)
    order_id, shipment = await shipped(database, company, ("LAMP", 2), **GRETA)
    greta = Shopper(client, company, (await order_of(database, order_id)).customer_id)
    back = [{"orderLineId": await line_of(database, order_id), "quantity": 1, "reason": "TOO_LARGE"}]
    await allow(client, principals, company, returns=False)
    refused = await greta.ask(RETURN, id=str(order_id), lines=back)
    assert refused["code"] == "SELF_SERVICE_NOT_OFFERED"
    async with database.unit_of_work() as db:
        row = await db.get_one(type(shipment), shipment.id)
        row.shipped_at = db.now - timedelta(days=15)
    await allow(client, principals, company, returnDays=14)
    # It left long ago and has not come yet: the days have not begun.
    assert (await greta.ask(MAY, id=str(order_id)))["lines"][0] == {
        "cancelable": 0, "returnable": True, "returnableUntil": None,
    }  # fmt: skip
    async with database.unit_of_work() as db:
        row = await db.get_one(type(shipment), shipment.id)
        row.delivered_at = db.now - timedelta(days=15)
    assert not (await greta.ask(MAY, id=str(order_id)))["lines"][0]["returnable"]
    late = await greta.ask(RETURN, id=str(order_id), lines=back)
    assert late["message"] == "The 14 days to send something back have passed. Please write to customer service."
    await allow(client, principals, company, returnDays=15)
    assert (await greta.ask(MAY, id=str(order_id)))["lines"][0]["returnable"]
    assert (await greta.ask(RETURN, id=str(order_id), lines=back))["return"]["state"] == "REQUESTED"
    assert (await greta.ask(MAY, id=str(order_id)))["lines"][0]["returnable"]
    assert (await greta.ask(RETURN, id=str(order_id), lines=back))["return"]["state"] == "REQUESTED"
    assert not (await greta.ask(MAY, id=str(order_id)))["lines"][0]["returnable"]


async def test_somebody_elses_order_does_not_exist(database: Database, client: Client) -> None:
    """Another customer of the same shop, by list and by id."""
    company = await shop(database)
    order_id = await confirmed(database, company, ("LAMP", 2), **GRETA)
    other = {"customer": CustomerInput("Hein Blöd", "hein@bloed.example", "hein")}
    mine = await confirmed(database, company, ("LAMP", 1), **other)
    hein = Shopper(client, company, (await order_of(database, mine)).customer_id)
    listed = await hein.ask("{ orders { nodes { id } } }")
    assert [node["id"] for node in listed["nodes"]] == [str(mine)]
    assert await hein.ask("query($id: UUID) { order(id: $id) { id } }", id=str(order_id)) is None
    for unknown in (order_id, new_id()):
        assert await hein.ask(MAY, id=str(unknown)) == "ORDER_NOT_FOUND"
        assert (await hein.ask(CANCEL, id=str(unknown), lines=None))["code"] == "ORDER_NOT_FOUND"
    for field in ("customers", "cases", "contacts", "notifications", "payments"):
        assert await hein.ask(f"{{ {field} {{ nodes {{ id }} }} }}") == "FORBIDDEN"


@pytest.mark.engine("sqlite")
async def test_a_customer_who_does_too_much_is_held_up(
    database: Database, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CUSTOMER_CHANGES", limits.Limit("customer-changes-tried", 2, 3600))
    company = await shop(database)
    order_id = await confirmed(database, company, ("LAMP", 2), **GRETA)
    greta = Shopper(client, company, (await order_of(database, order_id)).customer_id)
    nothing = [{"lineId": str(new_id()), "quantity": 1}]
    codes = [(await greta.ask(CANCEL, id=str(order_id), lines=nothing))["code"] for _ in range(3)]
    assert codes == ["LINE_NOT_FOUND", "LINE_NOT_FOUND", "TOO_MANY_ATTEMPTS"]


async def test_rules_are_versions_and_bad_ones_name_their_field(
    database: Database, client: Client, principals: Principals
) -> None:
    company = await shop(database)
    first = await allow(client, principals, company, returnDays=30)
    assert await allow(client, principals, company, returnDays=30) == first
    assert (await allow(client, principals, company, cancel="NEVER"))["version"] == 2
    assert (await allow(client, principals, company, returnDays=-1))["code"] == "OUT_OF_RANGE"
    listed = await client.graphql("{ selfServicePolicies { channelId version cancel } }", principal=principals.admin)
    assert [(row["version"], row["cancel"]) for row in listed["data"]["selfServicePolicies"]] == [(2, "NEVER")]


async def test_rules_count_from_their_day_and_nobody_loses_those_of_another(
    database: Database, client: Client, principals: Principals, clock: StandingClock
) -> None:
    company = await shop(database)

    async def save(*, days: int = 0, newest: int | None = None, **rules: Any) -> Any:
        begins = (clock.moment + timedelta(days=days)).isoformat() if days else None
        given = {"channel": company.channel.code, "rules": rules, "validFrom": begins, "newest": newest}
        return (await client.graphql(SAVE_FROM, given, principal=principals.admin))["data"]["saveSelfServicePolicy"]

    async def told() -> Any:
        (channel,) = (await client.graphql(CHANNELS, principal=principals.admin))["data"]["selfServiceChannels"]
        return channel

    before = await told()
    assert (before["inForce"], before["shipped"], before["versions"]) == (None, {"cancel": "BEGUN"}, [])
    assert (await save(days=7, newest=0, cancel="NEVER"))["version"] == 1
    assert (await told())["inForce"] is None
    assert (await save(newest=0, cancel="SHIPPED"))["code"] == "SELF_SERVICE_RULES_MOVED"
    assert (await save(newest=1, cancel="SHIPPED"))["version"] == 2
    now = await told()
    assert now["inForce"]["cancel"] == "SHIPPED"
    assert [(each["version"], each["cancel"]) for each in now["versions"]] == [(1, "NEVER"), (2, "SHIPPED")]
    clock.advance(days=8)
    assert (await told())["inForce"]["version"] == 1
    order_id = await confirmed(database, company, ("LAMP", 1), **GRETA)
    greta = Shopper(client, company, (await order_of(database, order_id)).customer_id)
    assert (await greta.ask(CANCEL, id=str(order_id)))["code"] == "SELF_SERVICE_NOT_OFFERED"
    assert [(await save(days=days))["path"] for days in (-1, 400)] == [["validFrom"], ["validFrom"]]
