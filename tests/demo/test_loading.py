"""The demo company is loaded once, completed after an interruption, and never mixed with other data."""

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from kontor import bootstrap, demo
from kontor.audit import running
from kontor.auth.models import User
from kontor.catalog.models import PoolCode, ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.demo import Loading, Outcome, company, people
from kontor.demo.calling import Caller
from kontor.demo.story import INBOX, Teller
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import OrderState
from kontor.partners.models import Partner
from kontor.pricing.models import Price

PER_DAY, DAYS = 2, 3


class Interrupted(BaseException):
    """What Ctrl-C is to the code it comes to."""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bootstrap.load()


async def count(database: Database, model: Any) -> int:
    async with database.read_only() as db:
        return await db.scalar(sa.select(sa.func.count()).select_from(model)) or 0


async def load(runtime: Runtime) -> Loading:
    """As `kontor seed` does it."""
    return await demo.load(runtime.settings, lambda _: None)


def interrupt(monkeypatch: pytest.MonkeyPatch, thing: Any, name: str) -> None:
    """The next call of this function ends when it has done its work, before anybody can note it."""
    whole = getattr(thing, name)

    async def interrupted(*arguments: Any, **named: Any) -> None:
        await whole(*arguments, **named)
        monkeypatch.setattr(thing, name, whole)
        raise Interrupted

    monkeypatch.setattr(thing, name, interrupted)


async def test_what_was_interrupted_is_gone_on_with(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    for thing, name in (
        (demo.masters, "_partners"),
        (demo.masters, "_stock"),
        (demo.people, "_create"),
        (Teller, "_take_orders"),
        (Teller, "_work"),
        (Teller, "end"),
    ):
        interrupt(monkeypatch, thing, name)
        with pytest.raises(Interrupted):
            await demo.tell(runtime, per_day=PER_DAY, days=DAYS)
    made = await demo.tell(runtime, per_day=PER_DAY, days=DAYS)

    assert sorted(made.chapters) == ["0 days ago", "3 days ago", "begun", "masters", "people"]
    assert await count(runtime.database, Partner) == len(company.PARTNERS)
    assert await count(runtime.database, User) == len(company.PEOPLE) == len(people.known(made.company))
    assert await count(runtime.database, SalesChannel) == len(company.CHANNELS)
    more = INBOX * len(company.DROPSHIPPED) + 1
    assert more < await count(runtime.database, Order) <= 2 * 3 * PER_DAY + more
    assert await running.differences(runtime.database) == []
    assert await load(runtime) == Loading(Outcome.THERE, made.company)


@pytest.mark.parametrize("channel", sorted(company.PRICE_SHARES))
def test_gift_cards_are_sold_at_their_face_value_or_not_at_all(channel: str) -> None:
    teller = object.__new__(Teller)
    teller.chance = Random(1)
    lines = [line for _ in range(500) for line in teller._lines(channel, ())]
    sold = {line.unit_price for line in lines if line.sku == "GIFT-50"}
    assert sold == ({5000} if channel == "shop-de" else set())


@pytest.mark.engine("sqlite")
async def test_loaded_company(runtime: Runtime) -> None:
    made = await demo.tell(runtime, per_day=PER_DAY, days=DAYS)
    signed = people.known(made.company)
    async with runtime.database.read_only() as db:
        orders = list(await db.scalars(sa.select(Order)))
        prices = list(
            await db.execute(
                sa.select(Price.amount, Price.valid_from, Price.valid_to)
                .join(SalesChannel, SalesChannel.id == Price.channel_id)
                .join(ProductVariant, ProductVariant.id == Price.variant_id)
                .where(SalesChannel.code == "shop-de", ProductVariant.sku == "BIKE-CITY")
                .where(Price.price_list_id.is_(None))
                .order_by(Price.valid_from)
            )
        )
        club = sa.select(OrderLine.unit_price, OrderLine.price_list).join(Order, Order.id == OrderLine.order_id)
        paid = await db.execute(club.where(Order.external_id == "shop-de-club").order_by(OrderLine.position))
    today = made.until.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [(price.amount, (price.valid_from - today).days, price.valid_to) for price in prices]

    assert [day[:2] for day in days] == [(70406, -400), (74900, -60), (67410, 7), (74900, 21), (77896, 45)]
    assert days[-1][2] is None
    assert [price.valid_to for price in prices[:-1]] == [price.valid_from for price in prices[1:]]
    assert [tuple(line) for line in paid] == [(6555, "CLUB"), (1341, "CLUB"), (2990, "STANDARD")]
    assert len(orders) > 6
    assert OrderState.IN_FULFILLMENT in {order.state for order in orders}
    assert min(order.placed_at for order in orders) < made.until - timedelta(days=2)
    assert len(await load_new_passwords(runtime, made.company, signed)) == len(company.PEOPLE)
    assert await count(runtime.database, PoolCode) == 120


async def load_new_passwords(runtime: Runtime, company_id: Any, before: dict[str, str]) -> dict[str, str]:
    """The sign-ins after everybody got a new password."""
    people.SIGN_INS.unlink()
    assert await load(runtime) == Loading(Outcome.THERE, company_id)
    assert people.known(company_id) == {}
    assert await demo.load(runtime.settings, lambda _: None, new_passwords=True) == Loading(Outcome.THERE, company_id)
    after = people.known(company_id)
    assert after.keys() == before.keys()
    assert set(after.values()) & set(before.values()) == set()
    return after


async def test_two_who_load_at_once_load_one_company(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "tell", partial(demo.tell, per_day=1, days=1))
    said: list[str] = []
    made = await asyncio.gather(*(demo.load(runtime.settings, said.append) for _ in range(2)))
    assert {each.outcome for each in made} == {Outcome.LOADED, Outcome.THERE}
    assert len({each.company for each in made}) == 1
    assert [text.split(";")[0] for text in said if "waiting" in text] == ["Somebody else is loading this database"]
    assert await count(runtime.database, User) == len(company.PEOPLE)


@pytest.mark.engine("sqlite")
async def test_other_data_is_left_alone(runtime: Runtime) -> None:
    await demo.masters.load(Caller(runtime), await runtime.database.clock.now())
    assert await load(runtime) == Loading(Outcome.OTHER)
    assert await count(runtime.database, User) == 0


def test_sign_ins_of_several_databases_are_kept_apart() -> None:
    first, second = new_id(), new_id()
    people.keep(first, {"a@nordlicht.example": "one"})
    people.keep(second, {"a@nordlicht.example": "two"})
    assert (people.known(first), people.known(second)) == (
        {"a@nordlicht.example": "one"},
        {"a@nordlicht.example": "two"},
    )
    assert people.SIGN_INS.stat().st_mode & 0o777 == 0o600
    people.SIGN_INS.write_text("{")
    assert people.known(first) == {}
