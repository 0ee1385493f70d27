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
WORDS = frozenset({"reason", "decision", "topic", "message", "note", "text"})
"""Fields of events and audit entries that hold what people wrote, wherever they stand in them."""


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
    RETURN_LINE = "RETURN_LINE"
    PAYMENT = "PAYMENT"
    PAYMENT_TRANSACTION = "PAYMENT_TRANSACTION"
    INVOICE = "INVOICE"
    DISPUTE = "DISPUTE"
    NOTIFICATION = "NOTIFICATION"
    CONTACT = "CONTACT"  # a case about a contact that is about no order


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


# A label bears addresses in what was asked, and a carrier may repeat them in why it refused.
_LABEL = {"asked": {"carrier": ""}, "problem": None}
_CONTACT: Mapping[str, Any] = {
    "topic": "", "text": "", "address": None, "message_id": None, "follow_up_on": None,  # nobody is called back
}  # fmt: skip
# From what hangs on other rows to the rows it hangs on.
HELD = (
    Held("search_term", Of.CUSTOMER, "customer_id", delete=True, told=False),
    Held("customer_reference", Of.CUSTOMER, "customer_id", delete=True),
    Held("customer_address", Of.CUSTOMER, "customer_id", delete=True),
    Held("consent_change", Of.CUSTOMER, "customer_id", delete=True),
    Held("notification_text", Of.NOTIFICATION, "notification_id", delete=True),
    Held("customer_note", Of.ORDER, "order_id", delete=True),
    Held("contact", Of.CUSTOMER, "customer_id", _CONTACT),
    Held("contact", Of.ORDER, "order_id", _CONTACT),
    Held("notification", Of.ORDER, "order_id", {"recipient": "", "subject": None, "context": {}, "bounce": None}),
    Held("event_delivery", Of.ORDER, "stream_id", {"body": {}}, told=False),
    Held("risk_assessment", Of.ORDER, "order_id", {"reasons": [], "facts": {}, "note": None}),
    Held("risk_sighting", Of.ORDER, "order_id", delete=True, told=False),
    Held("order_change", Of.ORDER, "order_id", {"wish": {}, "reason": ""}),
    Held("claim", Of.ORDER, "order_id", {"note": "", "decision": None}, kept=Kept.ORDER_RECORDS),
    Held("exchange", Of.ORDER, "order_id", {"note": "", "decision": None}, kept=Kept.ORDER_RECORDS),
    Held("goodwill", Of.ORDER, "order_id", {"note": "", "decision": None}, kept=Kept.PAYMENT_RECORDS),
    Held("care_case", Of.CONTACT, "subject_key", {"facts": {}}),
    Held("care_case", Of.ORDER, "order_id", {"facts": {}}),
    Held("user_task", Of.ORDER, "order_id", {"note": None}),
    Held("order_hold", Of.ORDER, "order_id", {"reason": "", "release_note": None}),
    Held("printed_paper", Of.ORDER, "order_id", {"content": {}, "customer_id": None}, told=False),
    Held("fulfillment_message", Of.FULFILLMENT_ORDER, "fulfillment_order_id", {"text": ""}),
    Held("return_inspection", Of.RETURN_LINE, "return_line_id", {"reason": None}, kept=Kept.ORDER_RECORDS),
    Held("carrier_label", Of.FULFILLMENT_ORDER, "fulfillment_order_id", _LABEL, kept=Kept.ORDER_RECORDS),
    Held("return_label", Of.RETURN, "return_id", _LABEL, kept=Kept.ORDER_RECORDS),
    Held("return_line", Of.RETURN, "return_id", {"note": None}),
    Held("return", Of.ORDER, "order_id", {"note": None}, kept=Kept.ORDER_RECORDS),
    Held("payment", Of.ORDER, "order_id", {"token": None, "label": None}, kept=Kept.PAYMENT_RECORDS),
    # Whom money was sent to by transfer is the voucher of its booking.
    Held("payout", Of.PAYMENT_TRANSACTION, "id", kept=Kept.PAYMENT_RECORDS),
    Held("payment_transaction", Of.ORDER, "order_id", kept=Kept.PAYMENT_RECORDS),
    Held("refund", Of.ORDER, "order_id", {"reason": ""}, kept=Kept.PAYMENT_RECORDS),
    Held("dispute_action", Of.DISPUTE, "dispute_id", {"texts": {}}, kept=Kept.PAYMENT_RECORDS),
    Held("dispute", Of.ORDER, "order_id", kept=Kept.PAYMENT_RECORDS),
    Held("dunning_plan", Of.INVOICE, "id", {"reason": ""}, kept=Kept.TAX_RECORDS),
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
# Files that an erasure removes; all others are kept for tax. Labels and notes name who lives where, and what was
# collected for a bank is over with the dispute: one that is open keeps a person from being erased.
FILES_REMOVED = frozenset(
    {
        "DELIVERY_NOTE", "RETURN_SLIP", "RETURN_LABEL", "SHIPPING_LABEL", "GOODS_LABEL", "RETURN_PHOTO",
        "CUSTOMER_EXPORT", "EVIDENCE", "CLAIM_PHOTO",
    }
)  # fmt: skip
# Things of an order whose steps bear what somebody wrote.
STEPS_OF = {
    "care_case": Of.ORDER, "fulfillment_order": Of.ORDER, "return": Of.ORDER, "refund": Of.ORDER,
    "payment": Of.ORDER, "dispute": Of.ORDER, "claim": Of.ORDER, "goodwill": Of.ORDER, "order_change": Of.ORDER,
    "exchange": Of.ORDER,
    "user_task": Of.ORDER, "process_instance": Of.ORDER, "risk_assessment": Of.ORDER, "invoice": Of.ORDER,
    "parcel": Of.FULFILLMENT_ORDER,
}  # fmt: skip


def held() -> list[tuple[Held, sa.Table]]:
    """What is held, with its tables, of the packages that are there."""
    tables = Model.metadata.tables
    return [(each, tables[each.table]) for each in HELD if each.table in tables]


def rows_of(each: Held, table: sa.Table, customer_ids: Iterable[UUID]) -> sa.ColumnElement[bool]:
    """The rows of the table that are these customers'."""
    link = table.c[each.link]
    ids = sorted(customer_ids)
    if each.of is Of.CONTACT:
        # An id is written with hyphens in a subject, and in one database without them in its own column.
        named = sa.func.replace(link, "-", "")
        return sa.and_(table.c.kind == _FOLLOW_UP, table.c.order_id.is_(None), named.in_(_follow_ups(ids)))
    return link.in_(ids) if each.of is Of.CUSTOMER else link.in_(_ids_of(each.of, ids))


def steps_of(customer_ids: Iterable[UUID]) -> list[sa.ColumnElement[bool]]:
    """The steps of the states of these customers' orders and of what belongs to them, a condition per kind of thing."""
    tables, ids = Model.metadata.tables, sorted(customer_ids)
    step = tables["state_change"].c
    found = [sa.and_(step.entity == "orders", step.entity_id.in_(_ids_of(Of.ORDER, ids)))]
    for name, of in STEPS_OF.items():
        if name in tables:
            table = tables[name]
            owner = table.c.order_id if of is Of.ORDER else table.c.fulfillment_order_id
            things = sa.select(table.c.id).where(owner.in_(_ids_of(of, ids)))
            found.append(sa.and_(step.entity == name, step.entity_id.in_(things)))
    if "care_case" in tables:
        case = tables["care_case"]
        about = next(each for each in HELD if each.of is Of.CONTACT)
        found.append(step.entity_id.in_(sa.select(case.c.id).where(rows_of(about, case, ids))))
    return found


_FOLLOW_UP = "FOLLOW_UP"


def _follow_ups(customer_ids: list[UUID]) -> sa.Select[Any]:
    """What cases about contacts of these customers have as their subject, without hyphens."""
    contact = Model.metadata.tables["contact"].c
    text = sa.func.replace(sa.cast(contact.id, sa.Text), "-", "")
    return sa.select(sa.literal(f"{_FOLLOW_UP.lower()}:") + text).where(contact.customer_id.in_(customer_ids))


def _ids_of(of: Of, customer_ids: list[UUID]) -> sa.Select[Any]:
    tables = Model.metadata.tables
    orders = tables["orders"]
    own = sa.select(orders.c.id).where(orders.c.customer_id.in_(customer_ids))
    if of is Of.ORDER:
        return own
    if of is Of.RETURN_LINE:
        line = tables["return_line"]
        return sa.select(line.c.id).where(line.c.return_id.in_(_ids_of(Of.RETURN, customer_ids)))
    table = tables[of.value.lower()]
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


def without_words(told: Any) -> Any:
    """What an event or an audit entry tells without what people wrote, however deep it stands. Pure."""
    if isinstance(told, dict):
        return {
            name: "" if name in WORDS and isinstance(value, str) else without_words(value)
            for name, value in told.items()
        }
    return [without_words(each) for each in told] if isinstance(told, list) else told
