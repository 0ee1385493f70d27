"""Finance works with the books through the API: numbers, exports, statements, open items, the day."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factories.banking import Booked, camt
from factories.intake import order_input
from factories.invoicing import invoices
from factories.ledger import sell
from factories.payments import make_shop, only_money
from kontor.auth.permissions import ROLES, Role
from kontor.core.db import Database
from kontor.orders.intake import PaymentInput
from support import Client, Drain, Principals


@pytest.fixture(autouse=True)
def _only_money() -> Iterator[None]:
    with only_money():
        yield


SET = """mutation ($entity: UUID!, $inputs: [LedgerAccountInput!]!) {
  setLedgerAccounts(legalEntityId: $entity, inputs: $inputs) {
    ... on LedgerAccountsSet { accounts { account number } } ... on Error { code path } } }"""
EXPORT = """mutation ($entity: UUID!) { createLedgerExport(legalEntityId: $entity, until: "2026-06-15") {
  ... on LedgerExport { id entries } ... on Error { code } } }"""
IMPORT = """mutation ($xml: String!) { importBankStatement(content: $xml) {
  ... on BankStatementsImported { statements { id } } ... on Error { code } } }"""
ASSIGN = """mutation ($entry: UUID!, $payment: UUID!) {
  assignBankEntry(entryId: $entry, paymentId: $payment, amount: "5000") {
  ... on BankEntry { open { amount } assignments { id amount } } ... on Error { code } } }"""
UNDO = """mutation ($id: UUID!) { undoBankAssignment(assignmentId: $id) {
  ... on BankEntry { open { amount } assignments { undoneAt } } ... on Error { code } } }"""


async def test_finance_keeps_the_books(
    client: Client, principals: Principals, database: Database, drain: Drain
) -> None:
    finance = principals.holding(*ROLES[Role.FINANCE])
    company = await make_shop(database)
    entity = str(company.channel.legal_entity_id)
    wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
    await sell(database, drain, company, wanted)
    [invoice] = await invoices(database)

    row = {"account": "BANK", "number": "1201", "name": "Hausbank", "validFrom": "2026-06-01"}
    answer = await client.graphql(SET, {"entity": entity, "inputs": [row]}, principal=finance)
    assert answer["data"]["setLedgerAccounts"] == {"accounts": [{"account": "BANK", "number": "1201"}]}
    answer = await client.graphql(SET, {"entity": entity, "inputs": [{**row, "number": "X"}]}, principal=finance)
    assert answer["data"]["setLedgerAccounts"] == {"code": "INVALID_ACCOUNT", "path": ["inputs", "0", "number"]}

    answer = await client.graphql(IMPORT, {"xml": camt("S1", Booked("A", 5000, invoice.number))}, principal=finance)
    assert len(answer["data"]["importBankStatement"]["statements"]) == 1
    answer = await client.graphql("{ bankEntries(filter: {open: true}) { nodes { id } } }", principal=finance)
    [entry] = answer["data"]["bankEntries"]["nodes"]
    ask = "query ($id: UUID!) { bankSuggestions(entryId: $id) { paymentId amount reasons } }"
    answer = await client.graphql(ask, {"id": entry["id"]}, principal=finance)
    [found] = answer["data"]["bankSuggestions"]
    assert (found["amount"], found["reasons"]) == (5000, ["NUMBER", "AMOUNT", "NAME"])
    given = {"entry": entry["id"], "payment": found["paymentId"]}
    answer = await client.graphql(ASSIGN, given, principal=finance)
    done = answer["data"]["assignBankEntry"]
    assert (done["open"]["amount"], done["assignments"][0]["amount"]) == (0, 5000)
    answer = await client.graphql(UNDO, {"id": done["assignments"][0]["id"]}, principal=finance)
    assert answer["data"]["undoBankAssignment"]["open"]["amount"] == 5000
    await client.graphql(ASSIGN, given, principal=finance)
    assert await drain() == []

    answer = await client.graphql(EXPORT, {"entity": entity}, principal=finance)
    assert answer["data"]["createLedgerExport"]["entries"] == 4
    assert await drain() == []
    answer = await client.graphql("{ ledgerExports { nodes { files { format url rows } } } }", principal=finance)
    [made] = answer["data"]["ledgerExports"]["nodes"]
    [datev] = [file for file in made["files"] if file["format"] == "DATEV"]
    assert datev["rows"] == 4
    answer = await client.graphql(EXPORT, {"entity": entity}, principal=finance)
    assert answer["data"]["createLedgerExport"] == {"code": "NOTHING_TO_EXPORT"}

    day = """query ($entity: UUID!) { dailyClose(legalEntityId: $entity, day: "2026-06-15") {
      closedAt figures { receivables differences captured { method amount } revenue { detail net tax } } }
      openItems(filter: {kind: [INVOICE]}) { nodes { id } } }"""
    answer = await client.graphql(day, {"entity": entity}, principal=finance)
    assert answer["data"]["openItems"]["nodes"] == []
    [figures] = answer["data"]["dailyClose"]["figures"]
    assert (figures["receivables"], figures["differences"]) == (0, [])
    assert figures["captured"] == [{"method": "ON_ACCOUNT", "amount": 5000}]
    assert figures["revenue"] == [{"detail": "DOMESTIC/19", "net": 4202, "tax": 798}]


async def test_a_principal_with_a_scope_sees_no_books(
    client: Client, principals: Principals, database: Database, drain: Drain
) -> None:
    company = await make_shop(database)
    wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
    await sell(database, drain, company, wanted)
    scoped = principals.holding("journal:read", "ledger:write", channel_ids=frozenset({company.channel.id}))
    answer = await client.graphql(
        "{ journalEntries { nodes { id } } openItems { nodes { id } } bankEntries { nodes { id } } }", principal=scoped
    )
    assert answer["data"] == {name: {"nodes": []} for name in ("journalEntries", "openItems", "bankEntries")}
    answer = await client.graphql(EXPORT, {"entity": str(company.channel.legal_entity_id)}, principal=scoped)
    assert answer["data"]["createLedgerExport"] == {"code": "LEGAL_ENTITY_NOT_FOUND"}
