"""Shipping by file: good lines leave, the others come back with why, and nothing leaves twice."""

from __future__ import annotations

import csv
import io
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import audited, released, rows_of
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from factories.uploads import Uploader
from kontor.auth.permissions import DROPSHIPPER
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.principal import Principal, PrincipalKind
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.upload_kinds import Known, sort_lines
from kontor.imports.kinds import FileRow
from kontor.partners.models import Partner
from support import Client, Drain

SSCC = "00340434161094042557"


async def house(database: Database, *, carriers: tuple[str, ...] = ()) -> tuple[Company, Principal]:
    """A company whose goods a partner sends, and somebody of that partner."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        partner = await make_partner(db)
        place = await make_location(db, kind="DROPSHIPPER", code="dock", partner_id=partner.id)
        await make_tariff(db, location_id=place.id)
        lamp = (await make_variant(db, sku="LAMP")).id
        (await db.get_one(Partner, partner.id)).settings = {"carriers": list(carriers)}
    await put_stock(database, place.id, lamp, 50)
    who = Principal(PrincipalKind.USER, id=new_id(), name="Kim", permissions=DROPSHIPPER, partner_id=partner.id)
    return company, who


async def number_of(database: Database, order_id: UUID) -> str:
    return (await rows_of(database, order_id))[0].number


async def parcels(database: Database) -> list[tuple[str, str | None, str | None]]:
    async with database.read_only() as db:
        found = sa.select(FulfillmentOrder.number, Parcel.carrier, Parcel.tracking_number).join(
            Parcel, Parcel.fulfillment_order_id == FulfillmentOrder.id
        )
        return sorted((row[0], row[1], row[2]) for row in await db.execute(found))


async def test_good_lines_leave_once_and_the_others_come_back(database: Database, client: Client, drain: Drain) -> None:
    company, kim = await house(database, carriers=("DHL",))
    ids = [(await released(database, company, ("LAMP", 1)))[0] for _ in range(4)]
    one, two, three, four = [await number_of(database, each) for each in ids]
    order = one.rsplit("-", 1)[0]
    text = (
        "Auftragsnummer;Sendungsnummer;Paketdienst\n"
        f"{order};0034 0434 1610 9404 2557;\n{two};T-2A;GLS\n{two};T-2B;GLS\n"
        f"{three};T-3;\n{three};RR123456789DE;\n{four};;\nX-1;T-9;\n{four};T-2A;\n{one};T-1B;\n{two};T-2A;GLS\n"
    )
    files = Uploader(client, drain, kim, "shipments")
    upload = await files.send(text.encode())
    checked = await files.look(upload)
    assert checked["counts"] == {"READY": 4, "EMPTY": 1, "UNKNOWN": 1, "DOUBLED": 2, "WRONG": 2}
    assert [(each["line"], each["outcome"], each["code"]) for each in checked["findings"]] == [
        (5, "WRONG", "OTHER_LINE_REFUSED"),
        (6, "WRONG", "TRACKING_WRONG"),
        (8, "UNKNOWN", "FULFILLMENT_ORDER_NOT_FOUND"),
        (9, "DOUBLED", "STANDS_TWICE"),
        (11, "DOUBLED", "STANDS_TWICE"),
    ]
    assert await parcels(database) == []
    assert await files.apply(upload) is None
    assert (await files.look(upload))["counts"] == {"SHIPPED": 4, "EMPTY": 1, "UNKNOWN": 1, "DOUBLED": 2, "WRONG": 2}
    sent = [(one, "DHL", "T-1B"), (one, "DHL", SSCC), (two, "GLS", "T-2A"), (two, "GLS", "T-2B")]
    assert await parcels(database) == sorted(sent)
    assert [(await rows_of(database, each))[0].state for each in ids] == [
        FulfillmentState.SHIPPED, FulfillmentState.SHIPPED, FulfillmentState.OPEN, FulfillmentState.OPEN,
    ]  # fmt: skip
    back = list(csv.reader(io.StringIO((await files.fetch(f"/files/uploads/{upload}/returned")).decode("utf-8-sig"))))
    assert [line[3] for line in back[1:]] == ["5", "6", "8", "9", "11"]
    again = await files.send(text.encode())
    await files.apply(again)
    assert (await files.look(again))["counts"] == {"SAME": 5, "EMPTY": 1, "UNKNOWN": 1, "DOUBLED": 1, "WRONG": 2}
    assert await parcels(database) == sorted(sent)
    await audited(database)


async def test_template_has_what_waits_and_ships_nothing_as_it_is(
    database: Database, client: Client, drain: Drain
) -> None:
    company, kim = await house(database, carriers=("DHL",))
    number = await number_of(database, (await released(database, company, ("LAMP", 2)))[0])
    files = Uploader(client, drain, kim, "shipments")
    data = await files.fetch("/files/templates/shipments")
    header, line = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert (header[0], line[0], line[2:]) == ("number", number, ["2 x LAMP", "DHL", ""])
    upload = await files.send(data)
    assert (await files.look(upload))["counts"] == {"EMPTY": 1}
    await files.apply(upload)
    assert await parcels(database) == []


async def test_orders_of_another_partner_are_not_there(database: Database, client: Client, drain: Drain) -> None:
    company, kim = await house(database)
    number = await number_of(database, (await released(database, company, ("LAMP", 1)))[0])
    other = Principal(kim.kind, id=new_id(), name="Ann", permissions=DROPSHIPPER, partner_id=new_id())
    async with database.unit_of_work() as db:
        other = Principal(
            kim.kind, id=new_id(), name="Ann", permissions=DROPSHIPPER, partner_id=(await make_partner(db)).id
        )
    files = Uploader(client, drain, other, "shipments")
    upload = await files.send(f"number,tracking_number\n{number},T-1\n".encode())
    assert (await files.look(upload))["counts"] == {"UNKNOWN": 1}
    assert "T-1" not in (await files.fetch("/files/templates/shipments")).decode()


def work(number: str, state: FulfillmentState, *, cancel: bool = False) -> FulfillmentOrder:
    return FulfillmentOrder(id=new_id(), number=number, state=state, cancel_requested=cancel)


def code_of(known: Known, number: str, tracking: str) -> str:
    row = FileRow(2, {"number": number, "tracking_number": tracking})
    (verdict,) = sort_lines([row], known, set()).verdicts
    assert verdict.problem is not None
    return f"{verdict.outcome} {verdict.problem.code}"


def test_each_refusal_has_its_word() -> None:
    s = FulfillmentState
    known = Known(
        {
            "1": [work("1-1", s.OPEN), work("1-2", s.PACKED)],
            "2": [work("2-1", s.ACCEPTED, cancel=True)],
            "3": [work("3-1", s.DELIVERED)],
            "4": [work("4-1", s.CANCELED)],
            "5": [work("5-1", s.OPEN)],
        },
        {"T-7": [Parcel(id=new_id(), fulfillment_order_id=new_id())]},
    )
    assert code_of(known, "1", "T-1") == "WRONG ORDER_IN_PARTS"
    assert code_of(known, "2", "T-1") == "WRONG CANCELLATION_ASKED"
    assert code_of(known, "3", "T-1") == "DOUBLED ALREADY_SHIPPED"
    assert code_of(known, "4", "T-1") == "WRONG FULFILLMENT_ORDER_STATE"
    assert code_of(known, "5", "T-7") == "DOUBLED TRACKING_USED"
    assert code_of(known, "5", "3,40434E+17") == "WRONG TRACKING_CUT"
    assert code_of(known, "a b", "T-1") == "WRONG INVALID_FIELD"
