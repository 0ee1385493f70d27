"""Papers of a selection: how many delivery notes one core draws, keeps and puts into one file in a second."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from kontor import bootstrap, relay
from kontor.bench.report import Figure, Section
from kontor.catalog.models import Product, ProductKind, ProductVariant
from kontor.channels.branding import BrandDraft, save_brand
from kontor.channels.models import ChannelKind, LegalEntity, SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.locations.models import LocationKind, StockLocation
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import (
    AuthorizeStatus,
    ChargeStatus,
    DeliveryType,
    FulfillmentStatus,
    InvoiceStatus,
    OrderState,
    ReturnStatus,
)
from kontor.printing.models import PrintBatch
from kontor.printing.service import MOST_ORDERS, print_documents
from kontor.printing.values import PaperKind, Selection
from kontor.settings import Settings

LINES = 3
WARM = 20
GOAL = 20
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 60"><rect width="60" height="60" rx="12" fill="#0b5c4a"/>'
    '<path d="M16 44V16l14 16 14-16v28" fill="none" stroke="#fff" stroke-width="6"/></svg>'
)


def measure(orders: int = 400) -> Section:
    """Print the delivery notes of so many fulfillment orders at once, and again; in a process of its own."""
    orders = min(orders, MOST_ORDERS)
    with tempfile.TemporaryDirectory(prefix="kontor-documents-") as folder:
        command = [sys.executable, "-m", "kontor.bench.documents", folder, str(orders)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    section = Section("documents")
    section.figures.extend(
        [
            Figure(
                f"{orders} delivery notes, per second of one core",
                f"{orders / found['first']:.0f}",
                goal=f"≥ {GOAL}",
                note=f"{found['first']:.1f} s of CPU: frozen, drawn, kept and put into one file",
            ),
            Figure(
                "… from the click to the file",
                f"{found['seconds']:.1f} s",
                note=f"{found['pages']:.0f} pages, {found['bytes'] / 1e6:.1f} MB",
            ),
            Figure("… printed again, per second of one core", f"{orders / found['again']:.0f}"),
        ]
    )
    return section


async def _main(folder: Path, orders: int) -> dict[str, float]:
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder / 'bench.db'}",
        storage_url=f"file:{folder / 'files'}",
        mailbox_dir=str(folder / "mailbox"),
        gateway_ledger=str(folder / "gateway.db"),
        secret_key="0" * 32,
        environment="test",
    )
    runtime = bootstrap.build(settings)
    try:
        async with runtime.database.unit_of_work() as db:
            ids = await _world(db, orders + WARM)
        await _printed(runtime, ids[:WARM])
        began, cpu = time.perf_counter(), time.process_time()
        batch = await _printed(runtime, ids[WARM:])
        first, seconds = time.process_time() - cpu, time.perf_counter() - began
        cpu = time.process_time()
        await _printed(runtime, ids[WARM:])
        again = time.process_time() - cpu
    finally:
        await bootstrap.close(runtime)
    return {
        "first": first, "again": again, "seconds": seconds, "pages": batch.pages or 0, "bytes": batch.bytes or 0,
    }  # fmt: skip


async def _printed(runtime: Runtime, ids: list[UUID]) -> PrintBatch:
    async with runtime.database.unit_of_work() as db:
        selection = Selection(ids, [PaperKind.DELIVERY_NOTE])
        batch = await print_documents(db, selection, now=db.now, principal=SYSTEM)
    failures = await relay.drain(runtime)
    async with runtime.database.read_only() as db:
        done = await db.get_one(PrintBatch, batch.id)
    if failures or done.finished_at is None or done.pages != len(ids):
        raise RuntimeError(f"Not every delivery note is in the file: {done.pages} of {len(ids)}, {failures}")
    return done


async def _world(db: Session, orders: int) -> list[UUID]:
    """A company with a brand, and fulfillment orders of three lines each; their ids."""
    entity = LegalEntity(
        id=new_id(), code="BENCH", name="Nordlicht Handels GmbH", street="Speicherstraße 12", postal_code="20457",
        city="Hamburg", country="DE", vat_id="DE136695976", register="Amtsgericht Hamburg, HRB 123456",
        iban="DE89370400440532013000", bic="COBADEFF", email="service@nordlicht.example", footer={},
    )  # fmt: skip
    stamp: dict[str, Any] = {"created_at": db.now, "updated_at": db.now}
    db.add(entity)
    await db.flush()
    channel = SalesChannel(
        id=new_id(), code="bench", name="Nordlicht", kind=ChannelKind.WEB_SHOP, legal_entity_id=entity.id,
        country="DE", currency="EUR", languages=["de"], **stamp,
    )  # fmt: skip
    place = StockLocation(
        id=new_id(), code="bench", name="Lager", kind=LocationKind.WAREHOUSE, street="Am Sandtorkai 1",
        postal_code="20457", city="Hamburg", country="DE", **stamp,
    )  # fmt: skip
    db.add_all([channel, place])
    product = Product(id=new_id(), code="bench", kind=ProductKind.PHYSICAL, name="Parka", **stamp)
    db.add(product)
    await db.flush()
    variants = [
        ProductVariant(
            id=new_id(), product_id=product.id, sku=f"PK-{index}-GR", gtin=f"40063813{index:05d}",
            name=f"Wollmantel „Sylt“ {index}, Anthrazit, Größe 42", weight_g=900, **stamp,
        )
        for index in range(LINES)
    ]  # fmt: skip
    db.add_all(variants)
    await save_brand(db, BrandDraft("bench", "Nordlicht", "#0b5c4a", channel="bench", logo_light=LOGO), now=db.now)
    rows = [order_rows(db, index, channel, place, variants) for index in range(orders)]
    for layer in range(3):
        db.add_all(thing for _, layers in rows for thing in layers[layer])
        await db.flush()
    return [row_id for row_id, _ in rows]


def order_rows(
    db: Session,
    index: int,
    channel: SalesChannel,
    place: StockLocation,
    variants: list[ProductVariant],
    state: FulfillmentState = FulfillmentState.ACCEPTED,
) -> tuple[UUID, tuple[list[Any], list[Any], list[Any]]]:
    """The rows of an order with its work, in the layers in which they refer to one another."""
    address = {
        "name": f"Anna Muster {index}", "street": f"Elbstraße {index}", "postal_code": "22767", "city": "Hamburg",
        "country": "DE",
    }  # fmt: skip
    stamp: dict[str, Any] = {"created_at": db.now, "updated_at": db.now}
    order = Order(
        id=new_id(), number=f"{100_000 + index}", channel_id=channel.id, external_id=str(index), body_hash="",
        state=OrderState.IN_FULFILLMENT, currency="EUR", gross=True, language="de", delivery_type=DeliveryType.SHIP,
        billing_address=address, shipping_address=address, country="DE", goods_total=0, charges_total=0,
        discount_total=0, tax_total=0, total=0, fulfillment_status=FulfillmentStatus.UNFULFILLED,
        authorize_status=AuthorizeStatus.NONE, charge_status=ChargeStatus.NONE, return_status=ReturnStatus.NONE,
        invoice_status=InvoiceStatus.NONE, facts={}, placed_at=db.now, **stamp,
    )  # fmt: skip
    lines = [
        OrderLine(
            id=new_id(), order_id=order.id, position=position, variant_id=each.id, sku=each.sku, name=each.name,
            kind="PHYSICAL", tax_class="standard", tax_rate=19, unit_price=0, net_total=0, tax_total=0, gross_total=0,
            ordered=position, allocated=position,
        )
        for position, each in enumerate(variants, start=1)
    ]  # fmt: skip
    row = FulfillmentOrder(
        id=new_id(), number=f"{order.number}-1", order_id=order.id, location_id=place.id, channel_id=channel.id,
        partner_id=place.partner_id, state=state, due_at=db.now, delivery_type=DeliveryType.SHIP, **stamp,
    )  # fmt: skip
    work = [
        FulfillmentLine(
            id=new_id(), fulfillment_order_id=row.id, order_line_id=line.id, variant_id=line.variant_id, sku=line.sku,
            name=line.name, quantity=line.ordered,
        )
        for line in lines
    ]  # fmt: skip
    return row.id, ([order], [*lines, row], work)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    bootstrap.migrate(f"sqlite+aiosqlite:///{target / 'bench.db'}")
    print(json.dumps(asyncio.run(_main(target, int(sys.argv[2])))))
