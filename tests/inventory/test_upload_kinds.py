"""Stock by file: checked first, good lines booked, bad ones sent back, the same file again changes nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import sqlalchemy as sa

from factories.uploads import Uploader, supplier
from imports.workbooks import workbook
from kontor.catalog.models import CatalogOffer, ProductVariant
from kontor.catalog.states import OfferState
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.inventory.models import StockLevel
from kontor.inventory.upload_kinds import guard
from support import Client, Drain

GERMAN = """Artikelnummer;Bezeichnung;Bestand
LAMP;Lampe für Möwen;7,0
CAP;Mütze;5
ROPE;Seil;0
BOAT;Boot;1
LAMP;;2
CAP2;;x
"""


async def stock(database: Database) -> dict[str, int]:
    async with database.read_only() as db:
        found = sa.select(ProductVariant.sku, StockLevel.on_hand).join(
            StockLevel, StockLevel.variant_id == ProductVariant.id
        )
        return {row[0]: row[1] for row in await db.execute(found)}


def table(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))


async def test_german_excel_is_checked_applied_and_sent_back(database: Database, client: Client, drain: Drain) -> None:
    kim = await supplier(database, LAMP=3, CAP=5, ROPE=4, KEEL=1)
    files = Uploader(client, drain, kim, "stock")
    upload = await files.send(GERMAN.encode("cp1252"), "bestand.csv")
    checked = await files.look(upload)
    assert (checked["state"], checked["rows"], checked["returned"], checked["guarded"]) == ("CHECKED", 6, 3, True)
    assert checked["counts"] == {"CHANGED": 1, "SAME": 1, "ZERO": 1, "UNKNOWN": 1, "WRONG": 2}
    assert [(each["line"], each["outcome"], each["code"]) for each in checked["findings"]] == [
        (4, "ZERO", ""),
        (5, "UNKNOWN", "UNKNOWN_STOCK_KEY"),
        (6, "WRONG", "STANDS_TWICE"),
        (7, "WRONG", "INVALID_FIELD"),
    ]
    assert await stock(database) == {"LAMP": 3, "CAP": 5, "ROPE": 4, "KEEL": 1}
    assert await files.apply(upload) == "UPLOAD_GUARDED"
    assert await files.apply(upload, confirmed=True) is None
    done = await files.look(upload)
    assert (done["state"], done["counts"]) == ("DONE", checked["counts"])
    assert await stock(database) == {"LAMP": 7, "CAP": 5, "ROPE": 0, "KEEL": 1}
    back = table(await files.fetch(f"/files/uploads/{upload}/returned", language="de"))
    assert back[0] == ["Artikelnummer", "Bezeichnung", "Bestand", "Zeile", "Grund"]
    assert [line[:4] for line in back[1:]] == [
        ["BOAT", "Boot", "1", "5"],
        ["LAMP", "", "2", "6"],
        ["CAP2", "", "x", "7"],
    ]
    assert all(line[4] for line in back[1:])


async def test_same_file_again_changes_nothing(database: Database, client: Client, drain: Drain) -> None:
    kim = await supplier(database, LAMP=3, CAP=5)
    files = Uploader(client, drain, kim, "stock")
    data = workbook([["SKU", "Stock"], ["LAMP", 9], ["CAP", 8.0]])
    await files.apply(await files.send(data, "stock.xlsx"))
    again = await files.send(data, "stock.xlsx")
    assert (await files.look(again))["counts"] == {"SAME": 2}
    await files.apply(again)
    assert ((await files.look(again))["counts"], await stock(database)) == ({"SAME": 2}, {"LAMP": 9, "CAP": 8})


async def test_matched_columns_are_remembered(database: Database, client: Client, drain: Drain) -> None:
    kim = await supplier(database, LAMP=3)
    files = Uploader(client, drain, kim, "stock")
    data = b"Our number\tPieces there\nLAMP\t4\n"
    upload = await files.send(data)
    assert ((await files.look(upload))["state"], (await files.look(upload))["missing"]) == (
        "MATCHING",
        ["sku", "quantity"],
    )
    match = "mutation ($id: UUID!, $c: [String]!) { matchUploadColumns(id: $id, columns: $c) { __typename } }"
    await client.graphql(match, {"id": upload, "c": ["sku", "quantity"]}, principal=kim)
    await drain()
    assert (await files.look(upload))["counts"] == {"CHANGED": 1}
    assert (await files.look(await files.send(data)))["state"] == "CHECKED"


async def test_articles_are_known_by_the_partners_own_numbers(database: Database, client: Client, drain: Drain) -> None:
    kim = await supplier(database, LAMP=3)
    async with database.unit_of_work() as db:
        lamp = (await db.scalars(sa.select(ProductVariant))).one()
        db.add(
            CatalogOffer(
                id=new_id(), partner_id=kim.partner_id, sku="N-1", state=OfferState.LIVE, variant_id=lamp.id,
                created_at=db.now, updated_at=db.now,
            )
        )  # fmt: skip
    files = Uploader(client, drain, kim, "stock")
    await files.apply(await files.send(b"sku,stock\nN-1,6\n"))
    assert await stock(database) == {"LAMP": 6}


async def test_canceled_file_changes_nothing_more(database: Database, client: Client, drain: Drain) -> None:
    kim = await supplier(database, LAMP=3)
    files = Uploader(client, drain, kim, "stock")
    upload = await files.send(b"sku,stock\nLAMP,6\n")
    cancel = "mutation ($id: UUID!) { cancelUpload(id: $id) { __typename } }"
    await client.graphql(cancel, {"id": upload}, principal=kim)
    assert await files.apply(upload) == "TRANSITION_REFUSED"
    assert ((await files.look(upload))["state"], await stock(database)) == ("CANCELED", {"LAMP": 3})


async def test_upload_of_a_partner_is_nothing_to_another(database: Database, client: Client, drain: Drain) -> None:
    kim = await supplier(database, LAMP=3)
    upload = await Uploader(client, drain, kim, "stock").send(b"sku,stock\nBOAT,6\n")
    other = replace(kim, id=new_id(), partner_id=new_id())
    stranger = Uploader(client, drain, other, "stock")
    assert await stranger.apply(upload) == "UPLOAD_NOT_FOUND"
    answer = await client.http.get(f"/files/uploads/{upload}/returned", headers=client.acting(other))
    assert answer.status_code == 404
    assert (await client.http.get(f"/files/uploads/{upload}/returned")).status_code == 401


async def test_template_uploaded_as_it_is_changes_nothing(database: Database, client: Client, drain: Drain) -> None:
    kim = await supplier(database, LAMP=3, CAP=5)
    files = Uploader(client, drain, kim, "stock")
    data = await files.fetch("/files/templates/stock", form="xlsx")
    assert (await files.look(await files.send(data, "stock.xlsx")))["counts"] == {"SAME": 2}


def test_more_than_a_third_falling_to_zero_is_asked_about() -> None:
    assert guard({"CHANGED": 6, "SAME": 1, "ZERO": 3}) is False
    assert guard({"CHANGED": 6, "ZERO": 3}) is True
