"""What partners wait for: the first page of a long inbox, and a large stock file checked and applied."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import sqlalchemy as sa

from kontor import bootstrap, relay
from kontor.app import create_app
from kontor.auth.clients import ApiClientInput, create_api_client
from kontor.auth.permissions import DROPSHIPPER, ClientKind, Permission
from kontor.bench.documents import LINES, order_rows
from kontor.bench.exports import peak_mib
from kontor.bench.report import Figure, Section
from kontor.bench.services import PostgresServer
from kontor.catalog.models import Product, ProductKind, ProductVariant
from kontor.channels.models import ChannelKind, LegalEntity, SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind
from kontor.fulfillment.states import FulfillmentState
from kontor.imports import uploads
from kontor.imports.models import Upload
from kontor.imports.ports import FileStore
from kontor.locations.models import LocationKind, StockLocation
from kontor.partners.models import Partner, PartnerKind
from kontor.partners.states import PartnerState
from kontor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROWS = 100_000
BAD_EACH = 100
"""Every so many-th line of the file names an article that is not there."""
PORTION = 20_000
REPEATS = 60
WARM = 5
INBOX = (
    "query Inbox { fulfillmentOrders(filter: {states: [OPEN]}, sort: DUE_AT, first: 50) { nodes { id number "
    "orderNumber state deliveryType dueAt shipOn promisedOn expectedOn cancelRequested updatedAt customerName "
    "locationId shippingAddress { city country } lines { id sku name quantity rejectReason } } "
    "pageInfo { hasNextPage endCursor } } }"
)


def measure(orders: int = 10_000, rows: int = ROWS) -> Section:
    """So many open orders in one inbox, on both databases; a stock file of so many lines. In processes of their own."""
    figures = []
    with PostgresServer() as server:
        addresses = {"PostgreSQL": server.create_database("portal"), "SQLite": ""}
        for name, url in addresses.items():
            found = _in_process("inbox", orders, url)
            figures.append(
                Figure(
                    f"first page of {orders:,} open orders, {name}: p95",
                    f"{found['p95']:.0f} ms",
                    goal="≤ 300 ms",
                    note=f"p50 {found['p50']:.0f} ms, {REPEATS} requests of 50 rows one after the other",
                )
            )
    found = _in_process("stock", rows, "")
    goals = ("check", "apply")
    figures.append(
        Figure(
            f"stock file of {rows:,} lines, checked and applied",
            f"{sum(found[name] for name in goals):.0f} s",
            goal="≤ 60 s",
            note=f"checked in {found['check']:.0f} s, applied in {found['apply']:.0f} s, {found['cpu']:.0f} s of CPU",
        )
    )
    figures += [
        Figure("… the most memory of its process", f"{found['peak']:.0f} MiB", goal="< 300 MB"),
        Figure("… bad lines that came back", f"{found['returned']:,.0f}", goal=f"{rows // BAD_EACH:,}"),
        Figure("… levels the same file changes again", f"{found['changed']:.0f}", goal="0"),
    ]
    return Section("portal", figures)


def _in_process(what: str, size: int, url: str) -> dict[str, float]:
    """Fill a database in one process, measure in the next: what filling took is nobody's memory."""
    with tempfile.TemporaryDirectory(prefix="kontor-portal-") as folder:
        command = [sys.executable, "-m", "kontor.bench.portal", folder, what, str(size), url]
        subprocess.run([*command, "fill"], check=True, capture_output=True, text=True)
        done = subprocess.run([*command, "measure"], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@asynccontextmanager
async def _running(folder: Path, url: str) -> AsyncIterator[Runtime]:
    settings = Settings(
        database_url=url or file_of(folder),
        storage_url=f"file:{folder / 'files'}",
        mailbox_dir=str(folder / "mailbox"),
        gateway_ledger=str(folder / "gateway.db"),
        secret_key="0" * 32,
        environment="test",
    )
    runtime = bootstrap.build(settings)
    try:
        yield runtime
    finally:
        await bootstrap.close(runtime)


def file_of(folder: Path) -> str:
    """The address of the SQLite database in the folder."""
    return f"sqlite+aiosqlite:///{folder / 'bench.db'}"


async def fill(folder: Path, url: str, what: str, size: int) -> None:
    """Make the partner with what is to be measured: `inbox` with open orders, `stock` with articles."""
    async with _running(folder, url) as runtime:
        create_app(runtime.settings, runtime=runtime)
        async with runtime.database.unit_of_work() as db:
            place, product = await _partner(db)
            known = {"partner": str(place.partner_id), "place": str(place.id), "product": str(product.id)}
        if what == "inbox":
            known |= await _open_orders(runtime, UUID(known["place"]), size)
        else:
            await _articles(runtime, UUID(known["product"]), size)
    (folder / "known.json").write_text(json.dumps(known), encoding="utf-8")


async def _partner(db: Session) -> tuple[StockLocation, Product]:
    """A dropshipper with one place, and a product."""
    stamp: dict[str, Any] = {"created_at": db.now, "updated_at": db.now}
    partner = Partner(
        id=new_id(), code="bench", name="Nordlicht", kind=PartnerKind.DROPSHIPPER, state=PartnerState.ACTIVE,
        settings={}, language="de", country="DE", **stamp,
    )  # fmt: skip
    db.add(partner)
    await db.flush()
    place = StockLocation(
        id=new_id(), code="dock", name="Dock", kind=LocationKind.DROPSHIPPER, partner_id=partner.id,
        street="Am Sandtorkai 1", postal_code="20457", city="Hamburg", country="DE", **stamp,
    )  # fmt: skip
    product = Product(id=new_id(), code="bench", kind=ProductKind.PHYSICAL, name="Parka", **stamp)
    db.add_all([place, product])
    await db.flush()
    return place, product


async def _articles(runtime: Runtime, product_id: UUID, size: int) -> None:
    for start in range(0, size, PORTION):
        async with runtime.database.unit_of_work() as db:
            stamp = {"created_at": db.now, "updated_at": db.now}
            rows = [
                {
                    "id": new_id(), "product_id": product_id, "sku": f"A-{index}", "name": f"Article {index}",
                    "weight_g": 1, **stamp,
                }
                for index in range(start, min(size, start + PORTION))
            ]  # fmt: skip
            await db.execute(sa.insert(ProductVariant), rows)


async def _open_orders(runtime: Runtime, place_id: UUID, size: int) -> dict[str, str]:
    """Orders of three lines that wait for the partner's answer; what its own system signs in with."""
    async with runtime.database.unit_of_work() as db:
        stamp: dict[str, Any] = {"created_at": db.now, "updated_at": db.now}
        entity = LegalEntity(
            id=new_id(), code="BENCH", name="Nordlicht", street="Am Sandtorkai 1", postal_code="20457", city="Hamburg",
            country="DE", footer={},
        )  # fmt: skip
        db.add(entity)
        await db.flush()
        channel = SalesChannel(
            id=new_id(), code="bench", name="Nordlicht", kind=ChannelKind.WEB_SHOP, legal_entity_id=entity.id,
            country="DE", currency="EUR", languages=["de"], **stamp,
        )  # fmt: skip
        place = await db.get_one(StockLocation, place_id)
        product = (await db.scalars(sa.select(Product))).one()
        variants = [
            ProductVariant(id=new_id(), product_id=product.id, sku=f"PK-{n}", name=f"Parka {n}", weight_g=9, **stamp)
            for n in range(LINES)
        ]
        db.add_all([channel, *variants])
        await db.flush()
        partner_id = place.partner_id
        scopes = frozenset({Permission.FULFILLMENT_READ})
        machine = await create_api_client(
            db, ApiClientInput("Bench", ClientKind.PARTNER, scopes, partner_id=partner_id), now=db.now
        )
    for start in range(0, size, 1_000):
        async with runtime.database.unit_of_work() as db:
            rows = [
                order_rows(db, n, channel, place, variants, FulfillmentState.OPEN)
                for n in range(start, min(size, start + 1_000))
            ]
            for layer in range(3):
                db.add_all(thing for _, layers in rows for thing in layers[layer])
                await db.flush()
    return {"client": machine.client.client_id, "secret": machine.secret}


async def inbox(folder: Path, url: str, size: int) -> dict[str, float]:
    """Milliseconds that the first page of the inbox takes, as the partner's own system reads it."""
    known = json.loads((folder / "known.json").read_text(encoding="utf-8"))
    async with _running(folder, url) as runtime:
        transport = httpx.ASGITransport(create_app(runtime.settings, runtime=runtime))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            credentials = (known["client"], known["secret"])
            token = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=credentials)
            http.headers["authorization"] = f"Bearer {token.raise_for_status().json()['access_token']}"
            waits = [await _page(http, min(50, size)) for _ in range(WARM + REPEATS)][WARM:]
    waits.sort()
    return {"p50": waits[len(waits) // 2], "p95": waits[int(len(waits) * 0.95)]}


async def _page(http: httpx.AsyncClient, rows: int) -> float:
    """Milliseconds until the first page is there, which has to be whole."""
    began = time.perf_counter()
    answer = await http.post("/graphql", json={"query": INBOX})
    waited = (time.perf_counter() - began) * 1000
    nodes = (answer.json().get("data") or {}).get("fulfillmentOrders", {}).get("nodes", [])
    if len(nodes) != rows or not all(len(node["lines"]) == LINES for node in nodes):
        raise RuntimeError(f"No whole page: {answer.text[:300]}")
    return waited


async def stock(folder: Path, url: str, size: int) -> dict[str, float]:
    """Seconds, CPU and memory of a stock file and of the same file again; one line in a hundred is bad."""
    known = json.loads((folder / "known.json").read_text(encoding="utf-8"))
    kim = Principal(
        PrincipalKind.USER, id=new_id(), name="Kim", permissions=DROPSHIPPER, partner_id=UUID(known["partner"])
    )
    chance = random.Random(3)
    text = "sku;quantity\n" + "".join(
        f"{'BAD-' if index % BAD_EACH == 7 else 'A-'}{index};{1 + chance.randrange(90)}\n" for index in range(size)
    )
    async with _running(folder, url) as runtime:
        create_app(runtime.settings, runtime=runtime)
        spent = time.process_time()
        first = await _taken(runtime, kim, text.encode())
        spent = time.process_time() - spent
        again = await _taken(runtime, kim, text.encode())
    return {**first, "cpu": spent, "changed": again["written"], "peak": peak_mib()}


async def _taken(runtime: Runtime, kim: Principal, data: bytes) -> dict[str, float]:
    """A stock file checked and applied: seconds of each, how many levels it changed and how many lines came back."""
    upload_id, kind, store = new_id(), uploads.upload_kind("stock"), runtime.ports.get(FileStore)  # type: ignore[type-abstract]
    await store.put(uploads.key_of(upload_id), data, "application/octet-stream")
    began = time.perf_counter()
    begins = await asyncio.to_thread(uploads.peek, data)
    async with runtime.database.unit_of_work(kim) as db:
        await uploads.start_upload(db, kind, begins, name="stock.csv", options={}, upload_id=upload_id)
    await relay.drain(runtime)
    checked = time.perf_counter()
    async with runtime.database.unit_of_work(kim) as db:
        await uploads.apply_upload(db, await uploads.lock_upload(db, upload_id), confirmed=True)
    await relay.drain(runtime)
    applied = time.perf_counter()
    async with runtime.database.read_only() as db:
        counts: Mapping[str, int] = (await db.get_one(Upload, upload_id)).counts
    back = await store.get(uploads.key_of(upload_id, "returned"))
    return {
        "check": checked - began, "apply": applied - checked, "written": sum(counts.get(name, 0) for name in _WRITES),
        "returned": len(back.splitlines()),
    }  # fmt: skip


_WRITES = ("CHANGED", "ZERO")


if __name__ == "__main__":
    target, subject, amount, address, part = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
    if part == "fill":
        bootstrap.migrate(address or file_of(target))
        asyncio.run(fill(target, address, subject, amount))
    else:
        measured = (inbox if subject == "inbox" else stock)(target, address, amount)
        print(json.dumps(asyncio.run(measured)))
