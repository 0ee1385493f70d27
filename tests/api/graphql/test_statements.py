"""A list of fifty rows costs as many statements as a list of one: nothing below it is read row by row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from api.graphql.test_rights import Asker
from kontor.api.graphql import limits
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM
from kontor.fulfillment.models import FulfillmentOrder
from kontor.invoicing.models import Invoice
from kontor.orders.models import Order
from proofs.filling import fill_rest
from proofs.schema_walk import Root, roots
from proofs.sides import Side, build
from support import Drain

ROWS = 50
ROWS_TRIED = 12
DEPTH = 2

# Lists that cannot have fifty rows, or need arguments: the values to ask them with once for few and once for many.
WHOLE = {
    "bankSuggestions", "debtDecisions", "gatewayAccounts", "ledgerAccounts", "waitingPayouts", "legalEntities",
    "lowestPrices", "paymentMethods", "paymentPolicies", "importKinds", "webhookEventTypes", "issuedCodes",
    "availability", "routingPresets", "brands", "portalBrands", "carrierAccounts", "carrierLabels",
    "catalogOfferCounts", "fulfillmentOrderCounts", "shelves", "savedViews", "partnerPerformanceOrders", "colleagues",
    "caseQueues", "identityProviders", "messageTemplates", "orderChanges", "selfServicePolicies", "sentOrders",
    "caseDeadlines", "caseHands", "giftCardFigures", "goodwillLimits", "goodwillReport", "owedInvoices",
    "selfServiceChannels",
}  # fmt: skip


# What a plain list reads beside its rows, however many: what was agreed and objections; channels of the caller; what
# was reminded of, agreed, and by whom it is sold; rules of channels.
BESIDE = {"partnerPerformanceOrders": 2, "portalBrands": 1, "owedInvoices": 4, "selfServiceChannels": 1}


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = runtime.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.engine("postgresql")  # the same statements are sent to both
async def test_every_list_costs_as_many_statements_at_one_row_as_at_fifty(
    runtime: Runtime, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each list field of Query with all its fields and relations, two levels deep."""
    monkeypatch.setattr(limits, "MAX_COST", 10_000_000)  # far more than a client may ask for at once
    await build(runtime, drain, ("ANTON",), size=ROWS)
    await fill_rest(runtime.database, ROWS)
    asker = Asker("system", SYSTEM, runtime)
    wrong = []
    for root in roots():
        if not root.is_list or root.kind != "query" or root.name in WHOLE:
            continue
        await _cost(asker, root, 1)  # what is cached per process is read now
        many = await _cost(asker, root, ROWS)
        if many.rows < ROWS:
            wrong.append(f"{root.name}: only {many.rows} rows")
        elif grown := await _grown(asker, root, many):
            wrong.append(f"{root.name}: for {ROWS} rows more often than for one: {grown}")
    assert not wrong, "\n".join(wrong)


@dataclass(frozen=True)
class _Cost:
    sent: Counter[str]
    rows: int
    end: str | None


async def _grown(asker: Asker, root: Root, many: _Cost) -> Counter[str]:
    """What is sent more often than for a single row.

    Rows are tried alone until one has each part that the many have: what has no shipment asks for nothing below it.
    Two branches that ask one loader are answered at once or one after the other, as the database is quick: that may
    make a statement two, never fifty.
    """
    most: Counter[str] = Counter()
    step, grown = many, many.sent
    for position in range(ROWS_TRIED):
        step = await _cost(asker, root, 1, after=step.end if position else None)
        most |= step.sent
        grown = Counter({text: count for text, count in many.sent.items() if count > most[text] + (most[text] > 0)})
        if not grown:
            break
    return grown


def _shape(statement: str) -> str:
    """A statement without what it asks for."""
    return re.sub(r"IN \([^)]*\)", "IN (…)", statement)


async def _cost(asker: Asker, root: Root, size: int, *, after: str | None = None) -> _Cost:
    wanted = {"first": size, "after": after}
    with counted(asker.runtime) as sent:
        answer = await asker.ask(root, wanted, DEPTH)
    assert answer["errors"] == [], (root.name, answer["errors"][:2])
    page = answer["data"]["answer"]
    return _Cost(Counter(map(_shape, sent)), len(page["nodes"]), page["pageInfo"]["endCursor"])


async def test_plain_lists_cost_as_many_statements_for_many_rows(runtime: Runtime, drain: Drain) -> None:
    """What promises articles is asked for one and for many; what was issued and who sells is read at once."""
    [side] = await build(runtime, drain, ("ANTON",), size=3)
    asker = Asker("system", SYSTEM, runtime)
    by_name = {root.name: root for root in roots()}
    skus = [side.variant.sku, *(f"SKU-A-{index}" for index in (1, 2))]
    few, many = [await _promise(asker, by_name["availability"], side, part) for part in (skus[:1], skus)]
    assert (len(many[1]), few[0]) == (3, many[0])
    entity = str(side.channel.legal_entity_id)
    async with runtime.database.read_only() as db:
        invoice = str(await db.scalar(sa.select(Invoice.id).limit(1)))
    named = {
        "paymentMethods": {"channel": side.channel.code},
        "paymentPolicies": {"channel": side.channel.code},
        "ledgerAccounts": {"legalEntityId": entity},
        "giftCardFigures": {"legalEntityId": entity, "since": "2020-01-01", "until": "2100-01-01"},
        "waitingPayouts": {"legalEntityId": entity},
        "debtDecisions": {"invoiceId": invoice},
        "sentOrders": {"text": side.variant.sku},
        "carrierLabels": {"fulfillmentOrderId": str(invoice)},
        "messageTemplates": {"language": "de"},
        "caseHands": {"kind": "LATE"},
        "lowestPrices": {"channelId": str(side.channel.id), "variantIds": [str(side.variant.id)] * 3},
    }
    async with runtime.database.read_only() as db:
        owing = str(await db.scalar(sa.select(Invoice.order_id).limit(1)))
    named |= {
        "owedInvoices": {"orderId": owing},
        "goodwillReport": {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"},
    }
    async with runtime.database.read_only() as db:
        named["orderChanges"] = {"orderId": str(await db.scalar(sa.select(Order.id).limit(1)))}
        work = [str(row_id) for row_id in await db.scalars(sa.select(FulfillmentOrder.id))]
    named |= {
        "fulfillmentOrderCounts": {"filters": [{"orderNumber": "1"}]},
        "shelves": {"fulfillmentOrderIds": work},
        "savedViews": {"page": "portal/orders"},
        "partnerPerformanceOrders": {"partnerId": str(side.partner.id), "measure": "ACCEPTED"},
    }
    for name in sorted(WHOLE - {"availability", "issuedCodes", "bankSuggestions"}):
        wanted = named.get(name, {})
        with counted(runtime) as sent:
            answer = await asker.ask(by_name[name], wanted, DEPTH)
        assert answer["errors"] == []
        # What is named is read first.
        assert len(sent) <= 2 + 2 * len(wanted) + BESIDE.get(name, 0), (name, sent)


async def _promise(asker: Asker, root: Root, side: Side, skus: list[str]) -> tuple[int, list[Any]]:
    wanted = {"channel": side.channel.code, "items": [{"sku": sku, "quantity": 1} for sku in skus]}
    await asker.ask(root, wanted, DEPTH)
    with counted(asker.runtime) as sent:
        answer = await asker.ask(root, wanted, DEPTH)
    assert answer["errors"] == [], answer["errors"]
    return len(sent), answer["data"]["answer"]
