"""What is kept of a person, table by table: how its rows are found, what an erasure does with them, what the law keeps.

The one list behind the export and the erasure of a person's data. A test holds it against all tables: a column that
may say something of a person and stands neither here nor among those that do not, is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Model

ERASED = "erased"


class Kept(StrEnum):
    """Why something stays."""

    TAX_RECORDS = "TAX_RECORDS"  # invoices, credit notes, journal: §147 AO, §257 HGB, §132 BAO
    PAYMENT_RECORDS = "PAYMENT_RECORDS"  # what was paid and by what mandate
    ORDER_RECORDS = "ORDER_RECORDS"  # what was bought, without who
    FRAUD_PREVENTION = "FRAUD_PREVENTION"  # blocked entries, until they end: GDPR article 6 (1) f


class Of(StrEnum):
    """What the column that leads to the person holds."""

    CUSTOMER = "CUSTOMER"
    ORDER = "ORDER"
    FULFILLMENT_ORDER = "FULFILLMENT_ORDER"
    RETURN = "RETURN"
    PAYMENT = "PAYMENT"
    NOTIFICATION = "NOTIFICATION"


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of one table that are a person's: `blank` names what is overwritten and with what, `delete` takes the row.

    `kept` says why the rest of the row stays. `told` is whether the rows are part of an export.
    """

    table: str
    of: Of
    link: str
    blank: Mapping[str, Any] = field(default_factory=dict)
    delete: bool = False
    kept: Kept | None = None
    told: bool = True


# From what hangs on other rows to the rows it hangs on.
HELD = (
    Held("search_term", Of.CUSTOMER, "customer_id", delete=True, told=False),
    Held("customer_reference", Of.CUSTOMER, "customer_id", delete=True),
    Held("customer_address", Of.CUSTOMER, "customer_id", delete=True),
    Held("consent_change", Of.CUSTOMER, "customer_id", delete=True),
    Held("notification_text", Of.NOTIFICATION, "notification_id", delete=True),
    Held("contact", Of.CUSTOMER, "customer_id", {"topic": "", "text": "", "address": None, "message_id": None}),
    Held("contact", Of.ORDER, "order_id", {"topic": "", "text": "", "address": None, "message_id": None}),
    Held("notification", Of.ORDER, "order_id", {"recipient": "", "subject": None, "context": {}, "bounce": None}),
    Held("event_delivery", Of.ORDER, "stream_id", {"body": {}}, told=False),
    Held("risk_assessment", Of.ORDER, "order_id", {"reasons": [], "facts": {}, "note": None}),
    Held("risk_sighting", Of.ORDER, "order_id", delete=True, told=False),
    Held("order_change", Of.ORDER, "order_id", {"wish": {}, "reason": ""}),
    Held("claim", Of.ORDER, "order_id", {"note": "", "decision": None}, kept=Kept.ORDER_RECORDS),
    Held("goodwill", Of.ORDER, "order_id", {"note": "", "decision": None}, kept=Kept.PAYMENT_RECORDS),
    Held("care_case", Of.ORDER, "order_id", {"facts": {}}),
    Held("order_hold", Of.ORDER, "order_id", {"reason": "", "release_note": None}),
    Held("printed_paper", Of.ORDER, "order_id", {"content": {}, "customer_id": None}, told=False),
    Held("fulfillment_message", Of.FULFILLMENT_ORDER, "fulfillment_order_id", {"text": ""}),
    Held("return_line", Of.RETURN, "return_id", {"note": None}),
    Held("return", Of.ORDER, "order_id", {"note": None}, kept=Kept.ORDER_RECORDS),
    Held("payment", Of.ORDER, "order_id", {"token": None, "label": None}, kept=Kept.PAYMENT_RECORDS),
    Held("payment_transaction", Of.ORDER, "order_id", kept=Kept.PAYMENT_RECORDS),
    Held("refund", Of.ORDER, "order_id", kept=Kept.PAYMENT_RECORDS),
    Held("invoice", Of.ORDER, "order_id", kept=Kept.TAX_RECORDS),
    Held("credit_note", Of.ORDER, "order_id", kept=Kept.TAX_RECORDS),
    Held("journal_entry", Of.ORDER, "order_id", kept=Kept.TAX_RECORDS),
    Held("dunning_notice", Of.ORDER, "order_id", kept=Kept.TAX_RECORDS),
    Held("debt_decision", Of.ORDER, "order_id", kept=Kept.TAX_RECORDS),
    Held("shipment", Of.ORDER, "order_id", kept=Kept.ORDER_RECORDS),
    Held("parcel", Of.FULFILLMENT_ORDER, "fulfillment_order_id", kept=Kept.ORDER_RECORDS),
    Held("order_line", Of.ORDER, "order_id", kept=Kept.ORDER_RECORDS),
    Held(
        "orders",
        Of.CUSTOMER,
        "customer_id",
        {"email": None, "email_key": None, "facts": {}},  # the addresses are blanked one by one: their country stays
        kept=Kept.ORDER_RECORDS,
    ),
    Held(
        "customer",
        Of.CUSTOMER,
        "id",
        {
            "name": ERASED, "name_key": "", "company": None, "email": None, "email_key": None, "phone": None,
            "vat_id": None, "tags": [], "consents": {},
        },
    ),
)  # fmt: skip
# Files that an erasure removes; all others are kept for tax. Labels and notes name who lives where.
FILES_REMOVED = frozenset(
    {
        "CLAIM_PHOTO",
        "CUSTOMER_EXPORT",
        "DELIVERY_NOTE",
        "GOODS_LABEL",
        "RETURN_LABEL",
        "RETURN_PHOTO",
        "RETURN_SLIP",
        "SHIPPING_LABEL",
    }
)


def held() -> list[tuple[Held, sa.Table]]:
    """What is held, with its tables, of the packages that are there."""
    tables = Model.metadata.tables
    return [(each, tables[each.table]) for each in HELD if each.table in tables]


def rows_of(each: Held, table: sa.Table, customer_ids: Iterable[UUID]) -> sa.ColumnElement[bool]:
    """The rows of the table that are these customers'."""
    link = table.c[each.link]
    ids = sorted(customer_ids)
    return link.in_(ids) if each.of is Of.CUSTOMER else link.in_(_ids_of(each.of, ids))


def _ids_of(of: Of, customer_ids: list[UUID]) -> sa.Select[Any]:
    tables = Model.metadata.tables
    orders = tables["orders"]
    own = sa.select(orders.c.id).where(orders.c.customer_id.in_(customer_ids))
    if of is Of.ORDER:
        return own
    name = {Of.FULFILLMENT_ORDER: "fulfillment_order", Of.RETURN: "return", Of.PAYMENT: "payment"}.get(of)
    table = tables[name or "notification"]
    return sa.select(table.c.id).where(table.c.order_id.in_(own))


def blanked(each: Held, table: sa.Table) -> dict[str, Any]:
    """What the columns become, of those that the table has."""
    return {name: value for name, value in each.blank.items() if name in table.c}


def address_without_person(address: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is left of an address: its country, which decided the tax."""
    if address is None:
        return None
    left = {"name": ERASED, "street": "", "postal_code": "", "city": "", "country": address.get("country", "")}
    return left if address else {}
