"""What is not given in exchange, and by whom not: no vouchers for goods, and no goods above a limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from exchanges.test_exchanges import arrived
from factories.catalog import make_variant
from factories.exchanges import wished
from factories.pricing import make_price
from kontor.catalog.models import ProductKind
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.principal import Principal
from kontor.exchanges import service
from kontor.exchanges.errors import ExchangeAboveLimit, InvalidExchange
from kontor.exchanges.planning import check_goods, check_same_product
from kontor.exchanges.states import ExchangeWay
from kontor.orders import queries as orders
from kontor.orders.totals import PricedLine
from kontor.payments.covering import first_of
from kontor.payments.refund_due import Payable, Withheld
from support import Drain, Principals

pytestmark = pytest.mark.engine("sqlite")


def line(**given: Any) -> PricedLine:
    facts: dict[str, Any] = {"kind": "PHYSICAL", "tax_class": "standard", "tax_rate": Decimal("0.19")}
    return PricedLine(0, uuid4(), "A", "A", **{**facts, "quantity": 1, "unit_price": 1, "shown": 1, **given})


def test_only_goods_are_given_for_goods_and_no_sets_as_replacement() -> None:
    check_goods({0: [line()]}, replacement=True)
    check_goods({0: [line(bundle_key=1), line(bundle_key=1)]}, replacement=False)
    for parts, replacement in (([line(kind="GIFT_CARD")], False), ([line(bundle_key=1)], True)):
        with pytest.raises(InvalidExchange) as refused:
            check_goods({0: parts}, replacement=replacement)
        assert (refused.value.code, refused.value.path) == ("NOT_EXCHANGEABLE", ("lines", 0, "sku"))


def test_goodwill_stays_given_and_chains_of_exchanges_lead_to_what_was_bought() -> None:
    given, kept = Withheld.GOODWILL_GIVEN, Withheld.EXCHANGED
    assert Payable(3000, {given: 1000}).less(4000) == Payable(0, {kept: 4000})
    assert Payable(3000, {given: 1000}).less(600) == Payable(3000, {given: 400, kept: 600})
    assert Payable(3000, {given: 1000}).less(0) == Payable(3000, {given: 1000})
    assert Payable(3000, {Withheld.NOT_PAID: 1000}).less(4000) == Payable(0, {Withheld.NOT_PAID: 1000, kept: 3000})
    assert first_of({"C": "B", "B": "A"}, "C") == "A"


async def test_vouchers_other_products_and_worth_above_the_limit_are_refused(
    database: Database, drain: Drain, principals: Principals
) -> None:
    sold = await arrived(database, drain)
    async with database.unit_of_work() as db:
        order = await orders.get_order(db, sold.order_id, db.principal)
        channel = await db.get_one(SalesChannel, order.channel_id)
        channel.settings = {**channel.settings, "refund_approval_above": 500}
        card = await make_variant(db, sku="CARD", product={"kind": ProductKind.SERVICE})
        await make_price(db, channel, card, 1000)
    wish = await wished(database, sold.order_id, "M", "CARD")
    for_nothing = await wished(database, sold.order_id, "M", "L", way=ExchangeWay.WITHOUT_RETURN)
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, sold.order_id)
        with pytest.raises(InvalidExchange) as refused:
            await service.preview_exchange(db, order, wish)
        assert refused.value.code == "NOT_EXCHANGEABLE"
        with pytest.raises(InvalidExchange) as refused:
            await check_same_product(db, order, for_nothing)
        assert (refused.value.code, refused.value.path) == ("OTHER_PRODUCT", ("lines", 0, "sku"))
    who: Principal = principals.holding("refunds:write", "returns:write")
    async with database.unit_of_work(who) as db:
        order = await orders.lock_order(db, sold.order_id)
        with pytest.raises(ExchangeAboveLimit):
            await service.create_exchange(db, order, for_nothing, None, now=db.now)
