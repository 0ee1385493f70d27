"""Files become masters, row by row."""

import io
import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.partners import make_partner
from kontor import bootstrap
from kontor.auth import audit
from kontor.catalog import queries as catalog
from kontor.core.db import Database
from kontor.core.errors import Forbidden
from kontor.core.principal import ANONYMOUS, SYSTEM, Principal
from kontor.customers import queries as customers
from kontor.imports.commands import describe, exit_code, import_file
from kontor.imports.errors import UnknownImportKind, UnreadableFile
from kontor.imports.kinds import kind_named, kinds
from kontor.imports.service import Importer, ImportSummary, apply_file
from kontor.locations import queries as locations
from kontor.pricing import queries as pricing
from kontor.pricing.calculation import Buyer

PRODUCTS = """Product code;Name;SKU;EAN;Weight;Components
LAMP;Schiffslampe;LAMP-R;4006381333931;900;
LAMP;Schiffslampe;LAMP-B;;;
BULB;Birne;BULB-1;4006381333932;10;
SET;Set;SET-1;;;LAMP-R*2|LAMP-B
"""


def counts(summary: ImportSummary) -> dict[str, int]:
    return {str(outcome): count for outcome, count in summary.counts.items()}


def importer_of(database: Database, principal: Principal = SYSTEM) -> Importer:
    return Importer(database, principal, audit.note)


async def load(database: Database, kind: str, content: str | bytes, *, dry_run: bool = False) -> ImportSummary:
    data = content.encode() if isinstance(content, str) else content
    return await apply_file(importer_of(database), kind_named(kind), data, dry_run=dry_run)


@pytest.fixture(autouse=True)
def _every_kind_is_known() -> None:
    bootstrap.load()


def test_all_kinds_are_known() -> None:
    assert kinds() == [
        "channels", "customers", "legal_entities", "locations", "partners", "price_lists", "prices", "products",
        "sales_forecasts", "stock", "tariffs", "tax_rates", "tax_regions",
    ]  # fmt: skip


async def test_one_bad_row_of_a_product_file_is_reported_and_the_others_stay(database: Database) -> None:
    summary = await load(database, "products", PRODUCTS)
    again = await load(database, "products", PRODUCTS)
    async with database.read_only() as db:
        facts = await catalog.facts_by_sku(db, ["LAMP-R", "LAMP-B", "SET-1", "BULB-1"])
    assert counts(summary) == {"CREATED": 3, "REFUSED": 1}
    assert counts(again) == {"UNCHANGED": 3, "REFUSED": 1}
    assert [(row.line, row.key, row.field, row.code) for row in summary.problems] == [
        (4, "BULB", "gtin", "INVALID_GTIN")
    ]
    assert sorted(facts) == ["LAMP-B", "LAMP-R", "SET-1"]
    # A refusal is kept without the frames it went through: they would hold its whole batch.
    assert [row.problem and row.problem.__traceback__ for row in summary.problems] == [None]
    assert [quantity for _, quantity in facts["SET-1"].components] == [2, 1]
    assert facts["LAMP-R"].variant.weight_g == 900


async def test_dry_run_reports_the_same_and_writes_nothing(database: Database) -> None:
    trial = await load(database, "products", PRODUCTS, dry_run=True)
    async with database.read_only() as db:
        assert await catalog.find_product(db, code="LAMP") is None
    real = await load(database, "products", PRODUCTS)
    assert (trial.counts, trial.problems) == (real.counts, real.problems)
    assert [row.message for row in trial.problems] == [row.message for row in real.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.engine("sqlite")
async def test_encodings_are_told_apart(database: Database, encoding: str) -> None:
    text = "code,name,kind,country,city\nM1,Lager München,WAREHOUSE,DE,München\n"
    await load(database, "locations", text.encode(encoding))
    async with database.read_only() as db:
        assert (await locations.get_stock_location(db, code="M1")).city == "München"


@pytest.mark.engine("sqlite")
async def test_workbooks_are_read_like_text(database: Database) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    lines: list[list[Any]] = [
        ["country", "Tax class", "rate", "Valid from"],
        ["DE", "standard", 19, date(2021, 1, 1)],
        ["DE", "reduced", 7.0, "01.01.2021"],
        ["XX", "standard", "much", "2021-01-01"],
    ]
    for line in lines:
        sheet.append(line)
    packed = io.BytesIO()
    book.save(packed)
    summary = await load(database, "tax_rates", packed.getvalue())
    assert counts(summary) == {"CREATED": 2, "REFUSED": 1}
    assert [(row.line, row.field, row.code) for row in summary.problems] == [(4, "rate", "INVALID_FIELD")]


async def test_prices_customers_locations_partners_and_tariffs_are_imported(database: Database) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db, code="shop")
        variant = await make_variant(db, sku="LAMP")
        await make_partner(db, code="nord")
    assert counts(await load(database, "prices", 'channel,sku,price\nshop,LAMP,"19,99"\n')) == {"CREATED": 1}
    lists = "code,channel,name,group,country\nTRADE,shop,Trade,trade,\nNOWHERE,none,No,,\n"
    assert counts(await load(database, "price_lists", lists)) == {"CREATED": 1, "REFUSED": 1}
    assert counts(await load(database, "price lists", lists)) == {"UNCHANGED": 1, "REFUSED": 1}
    in_list = "channel;sku;amount;price list;from quantity\nshop;LAMP;1500;TRADE;1\nshop;LAMP;1999;;1\n"
    assert counts(await load(database, "prices", in_list)) == {"CREATED": 1, "UNCHANGED": 1}
    assert counts(await load(database, "prices", in_list)) == {"UNCHANGED": 2}
    assert counts(await load(database, "partners", "code,name,country\nsued,Süd,DE\n")) == {"CREATED": 1}
    places = "code,name,kind,country,partner,lat,lon\nN1,Nord,DROPSHIPPER,DE,nord,54.3,10.1\nN2,x,STORE,DE,none,,\n"
    assert counts(await load(database, "locations", places)) == {"CREATED": 1, "REFUSED": 1}
    tariffs = "location,carrier,country,parcel_cents\nN1,DHL,DE,450\n,DHL,,990\n"
    assert counts(await load(database, "tariffs", tariffs)) == {"CREATED": 2}
    assert counts(await load(database, "tariffs", tariffs)) == {"UNCHANGED": 2}
    people = (
        "channel,external id,name,email,address street,address postal code,address city,address country\n"
        "shop,77,Erika Muster,erika@example.com,Weg 1,10115,Berlin,DE\n"
    )
    assert counts(await load(database, "customers", people)) == {"CREATED": 1}
    assert counts(await load(database, "customers", people)) == {"UNCHANGED": 1}
    async with database.read_only() as db:
        price = await pricing.price_at(db, channel.id, variant.id, db.now, buyer=Buyer("DE", "EUR"), own="EUR")
        customer = await customers.find_customer(db, channel_id=channel.id, external_id="77")
        assert price is not None
        assert customer is not None
        assert price.amount == 1999
        assert (await customers.addresses_of_customers(db, [customer.id]))[customer.id][0].city == "Berlin"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "UNREADABLE_FILE"),
        (b"PK\x03\x04broken", "UNREADABLE_FILE"),
        (b"name,kind\nx,y\n", "MISSING_COLUMN"),
        (b"code,code\nx,y\n", "DUPLICATE_COLUMN"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_files_that_cannot_be_read_are_refused(database: Database, content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        await load(database, "products", content)
    assert refusal.value.code == code


@pytest.mark.engine("sqlite")
async def test_import_needs_the_permission_of_the_noun(database: Database) -> None:
    with pytest.raises(Forbidden):
        await apply_file(importer_of(database, ANONYMOUS), kind_named("products"), PRODUCTS.encode())


@pytest.mark.engine("sqlite")
async def test_command_writes_a_report_of_every_row(database: Database, tmp_path: Path) -> None:
    file, report = tmp_path / "products.csv", tmp_path / "report.csv"
    file.write_text(PRODUCTS + "", encoding="utf-8")
    summary = await import_file(database, "products", file, note=audit.note, report=report)
    lines = report.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "line,key,outcome,field,code,message"
    assert lines[1] == "2,LAMP,CREATED,,,"
    assert len(lines) == 5
    assert (describe(summary)[0], exit_code(None, summary)) == ("4 rows of products: 3 created, 1 refused.", 1)
    with pytest.raises(UnknownImportKind):
        await import_file(database, "nonsense", file, note=audit.note)


@pytest.mark.engine("sqlite")
async def test_memory_does_not_grow_with_the_file(database: Database, tmp_path: Path) -> None:
    def write(path: Path, rows: int) -> Path:
        with path.open("w", encoding="utf-8") as file:
            file.write("code,name,sku\n")
            file.writelines(f"P{index},Product {index},P{index}-1\n" for index in range(rows))
        return path

    async def peak(rows: int) -> int:
        file = write(tmp_path / f"{rows}.csv", rows)
        tracemalloc.start()
        await import_file(database, "products", file, note=audit.note)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    await peak(1000)  # imports and caches
    small, large = await peak(2000), await peak(6000)
    assert large < small * 1.3
