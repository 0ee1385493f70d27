"""The guide for shops: what it says of self-service works as it is written."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest

from architecture.source import ROOT
from documents.test_images import jpeg
from factories.auth import make_client
from factories.catalog import make_variant
from factories.intake import Company, make_company, order_input, put_stock
from flows.test_partner_systems import BLOCK, Running, open_work, wait_for
from kontor import bootstrap
from kontor.auth.permissions import GRANTABLE, ClientKind
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.orders.intake import CustomerInput, LineInput
from kontor.orders.placing import Placed, Taken
from kontor.payments.placing import take_orders
from kontor.selfservice.policy import Policy, Until
from kontor.selfservice.service import save_policy
from support import Run

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.timeout(300)]
GRETA = CustomerInput("Greta Fock", "greta@fock.example", "greta")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def real(database_url: str, stack: ExitStack, run: Run) -> Database:
    """The database by the clock of the wall, as in the running Kontor, which reacts to what is recorded here."""
    bootstrap.load()
    opened = Database(database_url)
    stack.callback(lambda: run(opened.close()))
    return opened


async def shop(database: Database) -> tuple[Company, str, str]:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        lamp = await make_variant(db, sku="LAMP")
        scopes = frozenset(map(str, GRANTABLE[ClientKind.SHOP]))
        made = await make_client(db, kind=ClientKind.SHOP, channel_ids=frozenset({company.channel.id}), scopes=scopes)
        # Work is given out at once here, so that a shop that wants addresses changed says: until a place has begun.
        await save_policy(db, company.channel.code, Policy(address=Until.BEGUN), now=db.now)
    await put_stock(database, company.warehouse.id, lamp.id, 50)
    return company, made.client.client_id, made.secret


async def order_of_greta(database: Database, company: Company, pieces: int) -> None:
    given = order_input(company.channel, LineInput("LAMP", pieces, 1000), customer=GRETA)
    number = company.numbers[-1]
    company.numbers.append(number + 1)
    async with database.unit_of_work() as db:
        (outcome,) = await take_orders(db, [Taken(given, SYSTEM)], [number])
    assert isinstance(outcome, Placed)


async def arrived(database: Database, row_id: UUID) -> None:
    parcel = ParcelInput(carrier="DHL", tracking_number="00340434161094042557")
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id, parcels=(parcel,)), now=db.now, how=How(accepts_open=True))
    async with database.unit_of_work() as db:
        await record_delivery(db, Delivery(row_id), now=db.now)


def test_every_block_of_the_guide_works_as_written(
    real: Database, database_url: str, tmp_path: Path, stack: ExitStack, run: Run
) -> None:
    company, client_id, secret = run(shop(real))
    blocks = BLOCK.findall((ROOT / "docs/self-service.md").read_text(encoding="utf-8"))
    assert len(blocks) > 7
    kontor = Running(database_url, tmp_path)
    stack.callback(kontor.stop)
    known: list[UUID] = []
    for pieces in (1, 2, 3):  # one to be changed, one that arrives, and a new one
        run(order_of_greta(real, company, pieces))
        wait_for(lambda wanted=len(known) + 1: len(run(open_work(real))) == wanted, kontor.log)  # type: ignore[misc]
        known += [each for each in run(open_work(real)) if each not in known]
    run(arrived(real, known[1]))
    script = "\n".join(["set -euo pipefail", *(f"echo '--- {at}'\n{block}" for at, block in enumerate(blocks))])
    given = {
        "KONTOR": kontor.address, "CLIENT_ID": client_id, "CLIENT_SECRET": secret, "EMAIL": "greta@fock.example",
        "PATH": os.environ["PATH"],
    }  # fmt: skip
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    done = subprocess.run(
        ["bash", "-c", script], env=given, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr + kontor.log()
    said = [part.strip() for part in re.split(r"--- \d+\n", done.stdout) if part.strip()]
    assert said[0] == "00340434161094042557", done.stdout
    assert said[1].split() == ["3", "SELF_SERVICE_NOT_OFFERED"]
    assert said[2] == "1"
    assert json.loads(said[3])["code"] == "SELF_SERVICE_TOO_LATE"
    assert said[4] == "Elbchaussee 1"
    assert said[5] in ("REQUESTED", "APPROVED")
    assert re.fullmatch(r"201\n/files/claims/[0-9a-f-]+/photos/[0-9a-f-]+", said[6])
    assert said[7] == "200 application/pdf"
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF")
