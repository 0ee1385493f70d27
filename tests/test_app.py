"""The web process of an installation without any service beside it."""

import asyncio

import pytest
import sqlalchemy as sa

from kontor.app import create_app
from kontor.core.inbox import InboxMessage
from kontor.core.jobs import Runtime
from kontor.core.money import Money
from kontor.payments.ports import Instruction, PaymentGateway, Pending, Succeeded
from kontor.settings import Settings


async def notices(runtime: Runtime) -> list[str]:
    async with runtime.database.read_only() as db:
        return [message.source for message in await db.scalars(sa.select(InboxMessage))]


@pytest.mark.engine("sqlite")
async def test_embedded_gateway_settles_what_is_pending_and_tells_of_it(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        runtime: Runtime = app.state.runtime
        gateway = runtime.ports.get(PaymentGateway)  # type: ignore[type-abstract]
        asked = Instruction("key-1", "payment-1", Money(1299, "EUR"))
        assert isinstance(await gateway.authorize(asked, method="tok_pending"), Pending)
        async with asyncio.timeout(20):
            while not await notices(runtime):  # noqa: ASYNC110 - written by another connection
                await asyncio.sleep(0.05)
        assert isinstance(await gateway.find("key-1"), Succeeded)
        assert set(await notices(runtime)) == {"gateway/"}
