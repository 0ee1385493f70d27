"""A partner's own system: the guide works as it is written, and the example does a partner's work from end to end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from architecture.source import ROOT
from factories.auth import make_client
from factories.catalog import make_variant
from factories.intake import order_input, put_stock
from factories.processes import deliver_all
from factories.returns import requested
from factories.suppliers import Supplier, make_supplier
from kontor import bootstrap
from kontor.auth.permissions import GRANTABLE, ClientKind
from kontor.bench.services import free_port
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.fulfillment.models import FulfillmentOrder, Shipment
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.orders.intake import LineInput
from kontor.orders.placing import Placed, Taken
from kontor.payments.placing import take_orders
from kontor.returns import deciding
from kontor.returns.models import Return
from kontor.webhooks import service as webhooks
from kontor.webhooks.service import EndpointInput
from support import Run

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.timeout(300)]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Running:
    """Kontor as a process of its own over the test's database, the embedded way."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self.address = f"http://127.0.0.1:{self.port}"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("KONTOR_")}
        environment |= {
            "KONTOR_DATABASE_URL": database_url, "KONTOR_BASE_URL": self.address, "KONTOR_WEBHOOKS_TO_PRIVATE": "1",
            "KONTOR_STORAGE_URL": f"file:{folder / 'documents'}", "KONTOR_MAILBOX_DIR": str(folder / "mailbox"),
            "KONTOR_GATEWAY_LEDGER": str(folder / "gateway.db"), "KONTOR_SECRET_KEY": "k" * 32,
            "KONTOR_REOPTIMIZE_MINUTES": "0", "KONTOR_LOG_FORMAT": "json",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }  # fmt: skip
        command = [sys.executable, "-m", "kontor", "serve", "--port", str(self.port)]
        self._log = (folder / "kontor.log").open("wb")
        self._process = subprocess.Popen(command, env=environment, cwd=folder, stdout=self._log, stderr=self._log)
        wait_for(self._ready, self.log)

    def _ready(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            with urllib.request.urlopen(f"{self.address}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def log(self) -> str:
        """The end of what it says."""
        return (self._folder / "kontor.log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(40)
        self._log.close()


def wait_for(true: Callable[[], bool], what: Callable[[], str], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.2)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def running(database_url: str, tmp_path: Path, stack: ExitStack) -> Callable[[], Running]:
    """Starts Kontor."""

    def start() -> Running:
        made = Running(database_url, tmp_path)
        stack.callback(made.stop)
        return made

    return start


async def key_of(database: Database, supplier: Supplier) -> tuple[str, str]:
    async with database.unit_of_work() as db:
        scopes = frozenset(map(str, GRANTABLE[ClientKind.PARTNER]))
        made = await make_client(db, kind=ClientKind.PARTNER, partner_id=supplier.partner.id, scopes=scopes)
    return made.client.client_id, made.secret


async def open_work(database: Database) -> list[UUID]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(FulfillmentOrder.id).where(FulfillmentOrder.state == "OPEN")))


async def placed(database: Database, supplier: Supplier, *lines: tuple[str, int]) -> None:
    """An order as a shop sends it: all else is up to the running Kontor."""
    given = order_input(supplier.company.channel, *(LineInput(sku, count, 1000) for sku, count in lines))
    number = supplier.company.numbers[-1]
    supplier.company.numbers.append(number + 1)
    async with database.unit_of_work() as db:
        (outcome,) = await take_orders(db, [Taken(given, SYSTEM)], [number])
    assert isinstance(outcome, Placed)


async def endpoint(database: Database, supplier: Supplier, port: int) -> str:
    async with database.unit_of_work(supplier.principal) as db:
        wanted = EndpointInput(name="Integrator", url=f"http://127.0.0.1:{port}/kontor")
        return (await webhooks.save_endpoint(db, wanted, now=db.now, allow_private=True)).secret


async def shipped_as(database: Database) -> list[tuple[str | None, str | None]]:
    async with database.read_only() as db:
        rows = await db.execute(sa.select(FulfillmentOrder.state, Shipment.partner_invoice).outerjoin(Shipment))
        return sorted((str(state), invoice) for state, invoice in rows)


async def sent_and_announced(database: Database, supplier: Supplier, row_id: UUID) -> None:
    """The work is done by hand, arrives, and the customer announces a return of one piece."""
    async with database.unit_of_work() as db:
        shipment = await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
    await deliver_all(database, shipment.order_id)
    await requested(database, shipment.order_id, 1, location_id=supplier.place.id)


async def come_back(database: Database, supplier: Supplier) -> Return:
    """What was sent has arrived and come back."""
    async with database.unit_of_work() as db:
        shipment = (await db.scalars(sa.select(Shipment))).one()
        await record_delivery(db, Delivery(shipment.fulfillment_order_id), now=db.now)
    found = await requested(database, shipment.order_id, 1, location_id=supplier.place.id)
    async with database.unit_of_work() as db:
        return await deciding.mark_arrived(db, found.id, now=db.now, principal=supplier.principal)


async def return_state(database: Database, found: Return) -> str:
    async with database.read_only() as db:
        return str((await db.get_one(Return, found.id)).state)


@pytest.fixture
def real(database_url: str, stack: ExitStack, run: Run) -> Database:
    """The database by the clock of the wall, as in the running Kontor, which reacts to what is recorded here."""
    bootstrap.load()
    opened = Database(database_url)
    stack.callback(lambda: run(opened.close()))
    return opened


def test_every_block_of_the_guide_works_as_written(
    real: Database, running: Callable[[], Running], tmp_path: Path, run: Run
) -> None:
    supplier = run(make_supplier(real))
    client_id, secret = run(key_of(real, supplier))
    blocks = BLOCK.findall((ROOT / "docs/partners.md").read_text(encoding="utf-8"))
    assert len(blocks) > 10
    kontor = running()
    for pieces, more in ((1, True), (3, False)):
        run(placed(real, supplier, ("LAMP-ds", pieces)))
        wait_for(lambda: len(run(open_work(real))) == 1, kontor.log)
        if more:
            run(sent_and_announced(real, supplier, run(open_work(real))[0]))
    script = "\n".join(["set -euo pipefail", *(f"echo '--- {at}'\n{block}" for at, block in enumerate(blocks))])
    given = {"KONTOR": kontor.address, "CLIENT_ID": client_id, "CLIENT_SECRET": secret, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-c", script], env=given, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr + kontor.log()
    said = [part.strip() for part in re.split(r"--- \d+\n", done.stdout) if part.strip()]
    assert said[0] == "Hamburg", done.stdout
    assert said[2] == "ACCEPTED"
    assert said[4:6] == ["2026-4711", "SetStockLevelsPayload"]
    assert json.loads(said[6])["refused"] == 1
    assert said[-2:] == ["DECIDED", "true"]


def test_example_does_a_partners_work_from_order_to_return(
    real: Database, running: Callable[[], Running], tmp_path: Path, stack: ExitStack, run: Run
) -> None:
    database = real
    supplier = run(make_supplier(database))
    run(more_articles(database, supplier))
    client_id, secret = run(key_of(database, supplier))
    port = free_port()
    signing = run(endpoint(database, supplier, port))
    kontor = running()
    (tmp_path / "stock.json").write_text(json.dumps({"LAMP-ds": 2}))  # of CHAIR there is none
    output = tmp_path / "integrator.log"
    environment = {
        "KONTOR": kontor.address, "CLIENT_ID": client_id, "CLIENT_SECRET": secret, "WEBHOOK_SECRET": signing,
        "PATH": os.environ["PATH"],
    }  # fmt: skip
    command = [
        sys.executable, str(ROOT / "examples/integrator.py"), "--stock", "stock.json", "--state", "state.json",
        "--listen", str(port), "--every", "2",
    ]  # fmt: skip
    with output.open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)
        stack.callback(process.wait, 20)
        stack.callback(process.terminate)

        def told() -> str:
            return output.read_text() + kontor.log()

        run(placed(database, supplier, ("LAMP-ds", 1), ("CHAIR", 1)))
        # The lamp is sent and billed; the chair is rejected and, as nobody else has one, goes nowhere.
        wait_for(lambda: "SHIPPED" in [state for state, _ in run(shipped_as(database))], told)
        wait_for(lambda: "told fulfillment_order.shipped" in output.read_text(), told)
        rows = run(shipped_as(database))
        assert [state for state, _ in rows if state != "OPEN"] == ["REJECTED", "SHIPPED"]
        assert next(invoice for _, invoice in rows if invoice).startswith("RE-")
        assert json.loads((tmp_path / "stock.json").read_text()) == {"LAMP-ds": 1}
        assert "told fulfillment_orders.created" in output.read_text()
        assert "refused" not in output.read_text()
        found = run(come_back(database, supplier))
        wait_for(lambda: run(return_state(database, found)) in ("INSPECTED", "REFUNDED", "CLOSED"), told)
        assert f"took back {found.number}" in output.read_text()


async def more_articles(database: Database, supplier: Supplier) -> None:
    async with database.unit_of_work() as db:
        chair = await make_variant(db, sku="CHAIR", name="Chair")
    await put_stock(database, supplier.place.id, chair.id, 5)


def test_example_believes_only_what_is_signed() -> None:
    scope: dict[str, Any] = {"__name__": "integrator"}
    exec(compile((ROOT / "examples/integrator.py").read_text(), "integrator.py", "exec"), scope)
    from datetime import UTC, datetime

    from kontor.webhooks.signing import new_secret, sign

    secret, now = new_secret(), datetime.now(UTC)
    headers = sign([new_secret(), secret], message_id="m1", at=now, body=b"{}")
    assert scope["verify"](secret, headers, b"{}", now=now.timestamp()) == "m1"
    for given, body, moment in ((new_secret(), b"{}", 0), (secret, b"{ }", 0), (secret, b"{}", 400)):
        with pytest.raises(ValueError):
            scope["verify"](given, headers, body, now=now.timestamp() + moment)
