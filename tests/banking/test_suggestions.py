"""What an entry may pay is found by as few statements among fifty debts as with one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.graphql.test_statements import counted
from banking.test_service import entries, take_in
from factories.banking import Booked, camt
from factories.intake import order_input
from factories.ledger import sell
from factories.payments import make_shop
from kontor.banking import service
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.invoicing.models import Invoice
from kontor.orders.intake import PaymentInput
from support import Drain


@pytest.mark.parametrize("debts", [1, 12])
async def test_suggestions_cost_two_statements_however_many_debts(
    runtime: Runtime, database: Database, drain: Drain, debts: int
) -> None:
    company = await make_shop(database)
    for _ in range(debts):
        wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
        await sell(database, drain, company, wanted)
    async with database.read_only() as db:
        numbers = list(await db.scalars(sa.select(Invoice.number)))
    await take_in(database, camt("S1", Booked("A", 5000, purpose=" ".join(numbers))))
    [entry] = await entries(database)
    async with database.read_only() as db:
        with counted(runtime) as sent:
            found = await service.suggest(db, entry)
    assert len(found) == debts
    assert len([each for each in sent if each.lstrip().upper().startswith("SELECT")]) == 2
