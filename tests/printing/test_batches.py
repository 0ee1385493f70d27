"""One file for a selection: each paper keeps its number and is the same however often it is printed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from factories.partners import make_partner
from factories.stories import Story, make_shipment, make_story, make_task
from kontor.api.http import printing as pages
from kontor.auth.permissions import DROPSHIPPER, Permission
from kontor.core.db import Database, Session
from kontor.core.errors import Forbidden, InvalidInput
from kontor.core.ids import new_id
from kontor.core.principal import Principal
from kontor.fulfillment.errors import FulfillmentOrderNotFound
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.partners.models import Partner
from kontor.printing import service
from kontor.printing.errors import NothingToPrint, PaperNotForKind, PrintBatchNotFound
from kontor.printing.models import PrintBatch
from kontor.printing.queries import get_batch
from kontor.printing.values import PaperKind, PaperSize, PickBy, Selection
from printing.sheets import texts_of
from support import Client, Drain, Principals, StandingClock

PRINT = """mutation ($input: PrintDocumentsInput!) { printDocuments(input: $input) { __typename
  ... on PrintBatch { id url stage count missing { fulfillmentOrderId kind code message } }
  ... on Error { code path } } }"""
NOTE, PICKS, INVOICE = PaperKind.DELIVERY_NOTE, PaperKind.PICK_LIST, PaperKind.INVOICE


async def work(
    db: Session, partner: Partner | None = None, story: Story | None = None, **given: Any
) -> FulfillmentOrder:
    """A fulfillment order of three lamps and an oil."""
    story = story or await make_story(db)
    return await make_task(db, story, partner_id=partner.id if partner else None, **given)


def of_partner(principals: Principals, partner: Partner) -> Principal:
    return principals.holding(*DROPSHIPPER, partner_id=partner.id)


async def asked(database: Database, principal: Principal, *ids: UUID, kinds: Any = (NOTE,), **given: Any) -> PrintBatch:
    async with database.unit_of_work(principal) as db:
        return await service.print_documents(db, Selection(ids, kinds, **given), now=db.now, principal=principal)


async def file_of(client: Client, batch_id: Any, principal: Principal) -> bytes:
    answer = await client.http.get(f"/files/print/{batch_id}.pdf", headers=client.acting(principal))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert len(answer.content) == int(answer.headers["content-length"])
    return answer.content


async def test_a_selection_is_one_file_in_its_order(
    database: Database, client: Client, drain: Drain, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        partner = await make_partner(db)
        rows = [await work(db, partner) for _ in range(3)]
    ids = [str(row.id) for row in (rows[2], rows[0], rows[1])]
    principal = of_partner(principals, partner)
    given = {"fulfillmentOrderIds": ids, "kinds": ["DELIVERY_NOTE", "PICK_LIST"]}
    answer = await client.graphql(PRINT, {"input": given}, principal=principal, headers={"accept-language": "de"})
    batch = answer["data"]["printDocuments"]
    assert (batch["__typename"], batch["stage"], batch["count"]) == ("PrintBatch", "PENDING", 6)
    assert await drain() == []
    pages = texts_of((await client.http.get(batch["url"], headers=client.acting(principal))).content)
    assert [page.split("Seite")[0].count("Pickliste PL-") > 0 for page in pages] == [True] * 3 + [False] * 3
    assert [rows[index].number in page for index, page in zip((2, 0, 1), pages[3:], strict=True)] == [True] * 3
    assert "Greta Fock" in pages[3]
    assert "Lampe" in pages[3]


async def test_printed_again_it_is_the_same_and_keeps_its_number(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock
) -> None:
    async with database.unit_of_work() as db:
        row = await work(db)
    first = await asked(database, principals.admin, row.id, kinds=(PICKS, NOTE))
    await drain()
    before = await file_of(client, first.id, principals.admin)
    clock.advance(days=3)
    again = await asked(database, principals.admin, row.id, kinds=(PICKS, NOTE))
    await drain()
    assert again.items == first.items
    assert texts_of(await file_of(client, again.id, principals.admin)) == texts_of(before)
    answer = await client.graphql("{ documents { nodes { kind number orderId } } }", principal=principals.admin)
    kept = {(each["kind"], each["number"]) for each in answer["data"]["documents"]["nodes"]}
    assert kept == {("DELIVERY_NOTE", row.number), ("PICK_LIST", "PL-000001")}


async def test_two_who_print_at_once_get_the_same_paper(
    database: Database, client: Client, drain: Drain, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        row = await work(db)
    one, other = [await asked(database, principals.admin, row.id) for _ in range(2)]
    assert await drain() == []
    assert await file_of(client, one.id, principals.admin) == await file_of(client, other.id, principals.admin)


async def test_goods_that_changed_make_another_version_of_the_note(
    database: Database, client: Client, drain: Drain, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db)
        row = await work(db, story=story)
    first = await asked(database, principals.admin, row.id)
    async with database.unit_of_work() as db:
        order = await db.get_one(type(story.order), story.order.id)
        order.shipping_address = {**(order.shipping_address or {}), "street": "Neuer Wall 2"}
    second = await asked(database, principals.admin, row.id)
    await drain()
    assert second.items != first.items
    (page,) = texts_of(await file_of(client, second.id, principals.admin))
    assert "Neuer Wall 2" in page
    assert row.number in page


async def test_another_partner_gets_nothing(
    database: Database, client: Client, drain: Drain, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        mine, other = await make_partner(db), await make_partner(db)
        row = await work(db, mine)
    stranger = of_partner(principals, other)
    with pytest.raises(FulfillmentOrderNotFound):
        await asked(database, stranger, row.id)
    batch = await asked(database, of_partner(principals, mine), row.id)
    await drain()
    answer = await client.http.get(f"/files/print/{batch.id}.pdf", headers=client.acting(stranger))
    assert answer.status_code == 404
    named = await client.graphql(f'{{ printBatch(id: "{batch.id}") {{ id }} }}', principal=stranger)
    assert named["data"]["printBatch"] is None
    for nobody in (principals.anonymous, principals.holding(Permission.ORDERS_READ)):
        refused_call = await client.http.get(f"/files/print/{batch.id}.pdf", headers=client.acting(nobody))
        assert refused_call.status_code in (401, 403)


@pytest.mark.engine("sqlite")
async def test_a_store_sees_what_it_asked_for_itself(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        row = await work(db)
    place = {"location_ids": frozenset({row.location_id})}
    store = replace(principals.holding(Permission.FULFILLMENT_READ, **place), id=new_id())
    other, own = await asked(database, principals.admin, row.id), await asked(database, store, row.id)
    async with database.read_only() as db:
        assert (await get_batch(db, own.id, store)).id == own.id
        with pytest.raises(PrintBatchNotFound):
            await get_batch(db, other.id, store)


async def test_what_cannot_be_printed_is_named_one_by_one(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        good, gone = await work(db), await work(db, state=FulfillmentState.CANCELED)
    unknown = new_id()
    batch = await asked(database, principals.admin, good.id, gone.id, unknown, kinds=(NOTE, INVOICE))
    assert {(each["fulfillment_order_id"], each["kind"], each["code"]) for each in batch.missing} == {
        *((str(unknown), kind, "FULFILLMENT_ORDER_NOT_FOUND") for kind in (NOTE, INVOICE)),
        *((str(gone.id), kind, "FULFILLMENT_ORDER_STATE") for kind in (NOTE, INVOICE)),
        (str(good.id), INVOICE, "INVOICE_NOT_ISSUED"),
    }
    assert len(batch.items) == 1


@pytest.mark.engine("sqlite")
async def test_a_selection_that_cannot_be_is_refused_by_its_field(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        row, partner = await work(db), await make_partner(db)
    for ids, given, path in (
        ((), {}, "fulfillmentOrderIds"),
        ((row.id,), {"kinds": ()}, "kinds"),
        (tuple(new_id() for _ in range(501)), {}, "fulfillmentOrderIds"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await asked(database, principals.admin, *ids, **given)
        assert refused.value.path == (path,)
    with pytest.raises(PaperNotForKind):
        await asked(database, principals.admin, row.id, size=PaperSize.LABEL_100X150)
    with pytest.raises(Forbidden) as prices:
        await asked(database, of_partner(principals, partner), row.id, kinds=(INVOICE,))
    assert prices.value.code == "INVOICES_NOT_SHOWN"


async def test_a_pick_list_sums_what_the_orders_need(
    database: Database, client: Client, drain: Drain, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db)
        first = await work(db, story=story)
        other = await make_story(db, channel=story.channel)
        for line, same in zip(other.lines, story.lines, strict=True):
            line.variant_id, line.sku, line.name = same.variant_id, same.sku, same.name
        await db.flush()
        second = await work(db, story=other, location_id=first.location_id)
    batch = await asked(database, principals.admin, first.id, second.id, kinds=(PICKS,))
    per_order = await asked(database, principals.admin, first.id, second.id, kinds=(PICKS,), pick_by=PickBy.ORDER)
    await drain()
    (page,) = texts_of(await file_of(client, batch.id, principals.admin))
    assert "2 Positionen, 8 Stück" in page
    assert f"{story.order.number} ×3, {other.order.number} ×3" in " ".join(page.split())
    (walked,) = texts_of(await file_of(client, per_order.id, principals.admin))
    assert "4 Positionen, 8 Stück" in walked
    assert "PL-000002" in walked


async def test_files_are_forgotten_after_a_day(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock
) -> None:
    async with database.unit_of_work() as db:
        row = await work(db)
    batch = await asked(database, principals.admin, row.id)
    await drain()
    clock.advance(hours=25)
    await drain(recurring=True)
    answer = await client.http.get(f"/files/print/{batch.id}.pdf", headers=client.acting(principals.admin))
    assert answer.status_code == 404


@pytest.mark.engine("sqlite")
async def test_a_partner_gets_no_address_long_after_the_goods_left(
    database: Database, principals: Principals, clock: StandingClock
) -> None:
    async with database.unit_of_work() as db:
        partner, story = await make_partner(db), await make_story(db)
        row = await work(db, partner, story, state=FulfillmentState.SHIPPED)
        await make_shipment(db, story, row, 3, 1)
    clock.advance(days=29)
    assert (await asked(database, of_partner(principals, partner), row.id)).missing == []
    async with database.unit_of_work() as db:  # what arrived needs no address either, papers are no way around that
        arrived = await work(db, partner, story, state=FulfillmentState.DELIVERED)
    clock.advance(days=2)
    for row_id in (row.id, arrived.id):
        with pytest.raises(NothingToPrint) as refused:
            await asked(database, of_partner(principals, partner), row_id)
        assert refused.value.params["missing"][0]["code"] == "ADDRESS_NO_LONGER_SHOWN"
    assert (await asked(database, principals.admin, row.id)).missing == []


@pytest.mark.engine("sqlite")
async def test_a_file_that_is_not_drawn_yet_opens_by_itself_later(
    database: Database, client: Client, principals: Principals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WAITED_SECONDS", 0.2)
    async with database.unit_of_work() as db:
        row = await work(db)
    batch = await asked(database, principals.admin, row.id)
    answer = await client.http.get(f"/files/print/{batch.id}.pdf", headers=client.acting(principals.admin))
    assert (answer.status_code, answer.headers["refresh"]) == (202, "1")
    assert "0 of 1" in answer.text
