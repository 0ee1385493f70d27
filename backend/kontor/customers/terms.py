"""The terms by which a caller is found: written in the transaction that makes them true.

A customer has the terms of their own names, mail, phone and addresses, and those of every address and mail of their
orders, so that a caller who only knows where the parcel went is found too. What is compared is folded: small letters
without marks, `ü` as `ue`; a phone number by its last nine digits, so that country code and leading zero do not matter.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from kontor.core.db import Json, Session, chunks
from kontor.customers.matching import email_key, postal_key
from kontor.customers.models import Customer, CustomerAddress, SearchTerm, TermField

LONGEST = 120
PHONE_DIGITS = 9
MIN_PHONE_DIGITS = 5
Term = tuple[UUID, str, str]
# Orders lie above; they are named as a table.
_ORDERS = sa.table(
    "orders",
    sa.column("customer_id", sa.Uuid()),
    sa.column("email", sa.String()),
    sa.column("billing_address", Json),
    sa.column("shipping_address", Json),
)
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "å": "aa"})
_ADD_MANY = {
    True: sa.text(
        "INSERT OR IGNORE INTO search_term (customer_id, field, term) SELECT json_extract(value, '$[0]'), "
        "json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(:rows)"
    ),
    # In one order, so that two who add the same terms at once wait for each other and never in a circle.
    False: sa.text(
        "INSERT INTO search_term (customer_id, field, term) SELECT * FROM unnest(:ids, :fields, :terms) "
        "AS given(customer_id, field, term) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING"
    ).bindparams(
        sa.bindparam("ids", type_=ARRAY(sa.Uuid())),
        sa.bindparam("fields", type_=ARRAY(sa.Text())),
        sa.bindparam("terms", type_=ARRAY(sa.Text())),
    ),
}


def folded(text: str) -> str:
    """Small letters without marks; German letters as they are written where a keyboard lacks them."""
    plain = unicodedata.normalize("NFC", text).casefold().translate(_LETTERS)
    apart = unicodedata.normalize("NFKD", plain)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words_of(text: str | None) -> list[str]:
    """The words of a name as compared: of two letters or more, each once."""
    return list(dict.fromkeys(word[:LONGEST] for word in re.findall(r"\w+", folded(text or "")) if len(word) > 1))


def phone_key(phone: str | None) -> str | None:
    """The end of a phone number, None where it is too short to tell anybody: `+43 (0)660 123 45 67` is `601234567`."""
    digits = re.sub(r"\D", "", phone or "")
    return digits[-PHONE_DIGITS:] if len(digits) >= MIN_PHONE_DIGITS else None


def terms_of(person: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Field and term of everything a row or address says about a person: name, company, email, phone, postal code."""
    for word in (*words_of(person.get("name")), *words_of(person.get("company"))):
        yield str(TermField.NAME), word
    single = (
        (TermField.EMAIL, email_key(person.get("email"))),
        (TermField.PHONE, phone_key(person.get("phone"))),
        (TermField.POSTAL_CODE, postal_key(person.get("postal_code")).lower()),
    )
    for field, term in single:
        if term:
            yield str(field), term[:LONGEST]


async def remember(db: Session, people: Iterable[tuple[UUID, Mapping[str, Any] | None]]) -> None:
    """Add the terms of these to those of the customer; known ones are left as they are. One statement for all."""
    found: set[Term] = set()
    for customer_id, person in people:
        found.update((customer_id, *term) for term in terms_of(person or {}))
    if not found:
        return
    rows = sorted(found)
    if db.sqlite:
        values: dict[str, Any] = {"rows": orjson.dumps([[row[0].hex, row[1], row[2]] for row in rows]).decode()}
    else:
        ids, fields, terms = (list(column) for column in zip(*rows, strict=True))
        values = {"ids": ids, "fields": fields, "terms": terms}
    await db.execute(_ADD_MANY[db.sqlite], values)


async def forget(db: Session, customer_ids: Iterable[UUID]) -> None:
    """Nobody finds these customers any more."""
    for part in chunks(sorted(set(customer_ids))):
        await db.execute(sa.delete(SearchTerm).where(SearchTerm.customer_id.in_(part)))


async def relearn(db: Session, customer_ids: Iterable[UUID]) -> None:
    """Write the terms of customers anew, from what they and their orders say now."""
    ids = sorted(set(customer_ids))
    await forget(db, ids)
    for part in chunks(ids):
        people: list[tuple[UUID, Mapping[str, Any] | None]] = []
        own = sa.select(Customer.id, Customer.name, Customer.company, Customer.email, Customer.phone)
        for row in (await db.execute(own.where(Customer.id.in_(part), Customer.erased_at.is_(None)))).mappings():
            people.append((row["id"], dict(row)))
        living = {customer_id for customer_id, _ in people}
        for address in await db.scalars(sa.select(CustomerAddress).where(CustomerAddress.customer_id.in_(part))):
            people.append((address.customer_id, vars(address)))
        columns = _ORDERS.c
        told = sa.select(columns.customer_id, columns.email, columns.billing_address, columns.shipping_address)
        for customer_id, email, *addresses in await db.execute(told.where(columns.customer_id.in_(part))):
            people.append((customer_id, {"email": email}))
            people += [(customer_id, address) for address in addresses]
        await remember(db, [each for each in people if each[0] in living])
