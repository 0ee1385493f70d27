"""Offers by file: variants, doubled numbers, what is missing; a second file changes what differs."""

from __future__ import annotations

import sqlalchemy as sa

from factories.uploads import Uploader, supplier
from kontor.catalog.models import CatalogOffer
from kontor.core.db import Database
from support import Client, Drain

FILE = """Artikelnummer;Variantengruppe;EAN;Bezeichnung;Größe;Preis;Währung
PK-S;PK;4006381333931;Parka;S;89,90;EUR
PK-M;PK;;Parka;M;89,90;EUR
PK-L;PK;4006381333931;Parka;L;89,90;EUR
PK-X;PK;;Parka;X;;
"""


async def test_file_becomes_drafts_and_bad_lines_come_back(database: Database, client: Client, drain: Drain) -> None:
    files = Uploader(client, drain, await supplier(database), "offers")
    upload = await files.send(FILE.encode("cp1252"))
    checked = await files.look(upload)
    assert checked["counts"] == {"CREATED": 2, "REFUSED": 2}
    assert [(each["line"], each["code"], each["field"]) for each in checked["findings"]] == [
        (4, "GTIN_TAKEN", "gtin"),
        (5, "OFFER_INCOMPLETE", "price"),
    ]
    assert await files.apply(upload) is None
    async with database.read_only() as db:
        rows = {row.sku: row for row in await db.scalars(sa.select(CatalogOffer))}
    assert {sku: (row.group_code, row.price, row.attributes) for sku, row in rows.items()} == {
        "PK-S": ("PK", 8990, {"size": "S"}),
        "PK-M": ("PK", 8990, {"size": "M"}),
    }
    again = await files.send(FILE.replace("PK-M;PK;;Parka;M;89,90", "PK-M;PK;;Parka;M;79,90").encode("cp1252"))
    assert (await files.look(again))["counts"] == {"UNCHANGED": 1, "UPDATED": 1, "REFUSED": 2}


async def test_template_uploaded_as_it_is_changes_nothing(database: Database, client: Client, drain: Drain) -> None:
    files = Uploader(client, drain, await supplier(database), "offers")
    await files.apply(await files.send(FILE.encode("cp1252")))
    data = await files.fetch("/files/templates/offers", language="de")
    assert (await files.look(await files.send(data)))["counts"] == {"UNCHANGED": 2}
