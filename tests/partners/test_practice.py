"""A practice order goes the way of a real one, and is the partner's own."""

import pytest

from factories.partners import make_partner
from kontor.core.db import Database
from kontor.core.errors import Conflict
from kontor.partners.errors import PracticeOrderNotFound
from kontor.partners.practice import accept_practice, begin_practice, has_shipped, latest_practice, ship_practice
from kontor.partners.states import PracticeState

LINES = [("LAMP", "Lamp", 2)]


async def test_practice_order_is_accepted_and_shipped_once(database: Database) -> None:
    async with database.unit_of_work() as db:
        partner, other = await make_partner(db), await make_partner(db)
        order = await begin_practice(db, partner.id, LINES)
        await db.flush()
        assert (await begin_practice(db, partner.id, [])).id == order.id
        with pytest.raises(Conflict):
            await ship_practice(db, partner.id, order.id, carrier=None, tracking_number=None)
        with pytest.raises(PracticeOrderNotFound):
            await accept_practice(db, other.id, order.id)
        await accept_practice(db, partner.id, order.id)
        await ship_practice(db, partner.id, order.id, carrier="DHL", tracking_number="1")
        assert (order.state, order.lines[0]["quantity"]) == (PracticeState.SHIPPED, 2)
    async with database.unit_of_work() as db:
        assert await has_shipped(db, partner.id)
        assert not await has_shipped(db, other.id)
        assert (await begin_practice(db, partner.id, LINES)).number == "PRACTICE-2"
        await db.flush()
        latest = await latest_practice(db, partner.id)
        assert latest is not None
        assert latest.number == "PRACTICE-2"
