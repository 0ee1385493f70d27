"""Order inputs and a small company to place them in."""

import contextlib
from dataclasses import dataclass, field, replace
from typing import Any

from factories.channels import make_channel
from factories.locations import make_location, make_tariff
from factories.tax import make_tax_rate
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.principal import SYSTEM
from kontor.inventory.models import MovementKind, StockLevel, StockMovement
from kontor.locations.models import StockLocation
from kontor.orders.intake import Address, CustomerInput, LineInput, OrderInput
from kontor.orders.placing import Outcome, StockMoved, Taken
from kontor.payments.placing import take_orders

ADDRESS = Address("Greta Fock", "Deichstraße 7", "20459", "Hamburg", "DE", latitude=53.5475, longitude=9.9885)


@dataclass
class Company:
    """A channel that sells on account, and a warehouse with a flat tariff."""

    channel: SalesChannel
    warehouse: StockLocation
    numbers: list[int] = field(default_factory=lambda: [100_000])


async def make_company(database: Database, **channel: Any) -> Company:
    """The smallest company that can take an order."""
    async with database.unit_of_work() as db:
        shop = await make_channel(db, **{"payment_methods": ["ON_ACCOUNT", "CARD"], **channel})
        warehouse = await make_location(db)
        await make_tariff(db)
        await make_tax_rate(db)
    return Company(shop, warehouse)


async def put_stock(database: Database, location_id: Any, variant_id: Any, quantity: int, **given: Any) -> None:
    """Goods on a shelf, with the movement that explains them."""
    async with database.unit_of_work() as db:
        db.add(
            StockLevel(
                location_id=location_id,
                variant_id=variant_id,
                on_hand=quantity,
                as_of=db.now,
                updated_at=db.now,
                **given,
            )
        )
        db.add(
            StockMovement(
                id=new_id(), location_id=location_id, variant_id=variant_id, kind=MovementKind.COUNT, on_hand=quantity,
                at=db.now, by="test",
            )
        )  # fmt: skip


def order_input(channel: SalesChannel, *lines: LineInput | tuple[str, int], **given: Any) -> OrderInput:
    """A valid order on account at 10.00 a piece."""
    rows = tuple(line if isinstance(line, LineInput) else LineInput(line[0], line[1], 1000) for line in lines)
    plain = OrderInput(
        channel=channel.code,
        external_id=given.pop("external_id", None) or new_id().hex,
        lines=rows,
        billing_address=ADDRESS,
        customer=CustomerInput("Greta Fock", "greta@fock.example"),
    )
    return replace(plain, **given)


async def place(database: Database, company: Company, *orders: OrderInput) -> list[Outcome]:
    """Place orders as the system, in one unit of work; in a second one when others were faster."""
    first = company.numbers[-1]
    numbers = list(range(first, first + len(orders)))
    company.numbers.append(first + len(orders))
    batch = [Taken(order, SYSTEM) for order in orders]
    with contextlib.suppress(StockMoved):
        async with database.unit_of_work() as db:
            return await take_orders(db, batch, numbers, stock_last=True)
    async with database.unit_of_work() as db:
        return await take_orders(db, batch, numbers)
