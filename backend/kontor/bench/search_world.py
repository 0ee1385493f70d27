"""Orders and customers to search among, made by the database itself: one statement per table, whatever the size.

Only what a search reads is filled with sense; every other column that must have a value has an empty one, and foreign
keys are not followed. Two orders to a customer; 5,000 surnames, one of them far more frequent than the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kontor.core.db import Database, Model

FIRST = 1_000_000
SURNAMES, COMMON = 5_000, "Mueller"
GIVEN = (
    "Anna", "Bernd", "Carla", "David", "Elena", "Felix", "Greta", "Hannes", "Ilse", "Jonas", "Karin", "Lukas", "Maria",
    "Nils", "Olga", "Peter", "Quirin", "Rosa", "Stefan", "Tanja", "Ulrich", "Vera", "Walter", "Xenia", "Yannik", "Zita",
)  # fmt: skip
_STEMS = ("Ber", "Dor", "Fal", "Gren", "Hol", "Kas", "Lin", "Mor", "Nes", "Ost", "Pet", "Ras", "Sil", "Tem", "Vol")
_ENDS = ("bach", "berg", "dorf", "feld", "gruber", "hauser", "kamp", "mann", "meier", "reiter", "stein", "wald")


def surname(number: int) -> str:
    """The surname of a number below 5,000: made of syllables, so that many are alike and none is the same."""
    first, rest = divmod(number, len(_ENDS))
    second, first = divmod(first, len(_STEMS))
    third, second = divmod(second, len(_STEMS))
    middle = _STEMS[second].lower() if second or third else ""
    return _STEMS[first] + middle + (_STEMS[third].lower() if third else "") + _ENDS[rest]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database writes what the statements need."""

    sqlite: bool

    def series(self, count: int) -> str:
        """Rows `g(i)` from 0 on."""
        if self.sqlite:
            counted = f"SELECT 0 UNION ALL SELECT i + 1 FROM g WHERE i < {count - 1}"
            return f"(WITH RECURSIVE g(i) AS ({counted}) SELECT i FROM g) g"
        return f"generate_series(CAST(0 AS bigint), {count - 1}) AS g(i)"

    def id(self, kind: int, number: str) -> str:
        """An id made of a kind and a number."""
        if self.sqlite:
            return f"printf('{kind:x}%031x', {number})"
        return f"CAST('{kind:x}' || lpad(to_hex(CAST({number} AS bigint)), 31, '0') AS uuid)"

    def pad(self, number: str, digits: int) -> str:
        """A number with zeros in front."""
        return f"printf('%0{digits}d', {number})" if self.sqlite else f"lpad(CAST({number} AS text), {digits}, '0')"

    def made_object(self, **fields: str) -> str:
        """A JSON object of expressions."""
        pairs = ", ".join(f"'{name}', {value}" for name, value in fields.items())
        return f"{'json_object' if self.sqlite else 'jsonb_build_object'}({pairs})"

    def empty(self, column: sa.Column[Any]) -> str:
        """A value that says nothing, of the column's type."""
        kind = column.type
        if isinstance(kind, sa.Boolean):
            return "0" if self.sqlite else "false"
        if isinstance(kind, (sa.Integer, sa.Numeric)):
            return "0"
        if isinstance(kind, sa.JSON):
            return "'{}'"
        if isinstance(kind, sa.DateTime):
            return "'2026-11-01 10:00:00.000000'"
        if isinstance(kind, sa.Date):
            return "'2026-11-01'"
        return self.id(0, "0") if isinstance(kind, sa.Uuid) else "''"


def statements(orders: int, *, sqlite: bool, entity: str, channel: str) -> list[str]:
    """What fills an empty database with so many orders and half as many customers."""
    d = Dialect(sqlite)
    people = max(1, orders // 2)
    named = (
        "JOIN bench_given w ON w.n = g.i % {given} JOIN bench_surname s ON s.n = CASE WHEN g.i % 50 = 0 THEN 0 ELSE "
    )
    named = (named + "(g.i * 7919) % {surnames} END").format(given=len(GIVEN), surnames=SURNAMES)
    owner = d.id(1, "g.i / 2")
    email = "lower(w.word || '.' || s.word) || CAST(g.i AS text) || '@mail' || CAST(g.i % 20 AS text) || '.example'"
    postal = d.pad("1000 + (g.i * 13) % 8000", 4)
    phone = "'0660' || " + d.pad("(g.i * 31) % 10000000", 7)
    address = d.made_object(
        name="'Frau Empfang'", street="'Ring 1'", postal_code="'1010'", city="'Wien'", country="'AT'"
    )
    order = {
        "id": d.id(2, "g.i"), "number": f"CAST({FIRST} + g.i AS text)",
        "external_id": "'web-' || CAST(g.i * 37 AS text)",
        "channel_id": channel, "customer_id": owner, "state": "'COMPLETED'", "currency": "'EUR'", "language": "'de'",
        "delivery_type": "'SHIP'", "country": "'AT'", "billing_address": address, "shipping_address": address,
        "total": "4990", "fulfillment_status": "'FULFILLED'", "authorize_status": "'FULL'", "charge_status": "'FULL'",
        "return_status": "'NONE'", "invoice_status": "'INVOICED'",
    }  # fmt: skip
    customer = {
        "id": d.id(1, "g.i"), "number": "'C' || " + d.pad("g.i", 7), "kind": "'PERSON'",
        "name": "w.word || ' ' || s.word",
        "name_key": "lower(w.word || ' ' || s.word)", "email": email, "email_key": email, "phone": phone,
        "language": "'de'", "tags": "'[]'",
    }  # fmt: skip
    terms = {
        "NAME": "lower(w.word)", "NAME'": "lower(s.word)", "EMAIL": email, "PHONE": f"substr({phone}, 3)",
        "POSTAL_CODE": postal,
    }  # fmt: skip
    task = {"id": d.id(3, "g.i"), "order_id": d.id(2, "g.i"), "number": "'F' || CAST(g.i AS text)"}
    made = [
        _insert(d, "customer", people, customer, named),
        _insert(d, "orders", orders, order),
        _insert(d, "fulfillment_order", orders, task),
        _insert(d, "parcel", orders, {
            "id": d.id(4, "g.i"), "fulfillment_order_id": d.id(3, "g.i"),
            "tracking_number": "'00340434' || " + d.pad("g.i * 97", 12),
        }),
        _insert(d, "invoice", orders, {
            "id": d.id(5, "g.i"), "order_id": d.id(2, "g.i"), "shipment_id": d.id(6, "g.i"), "legal_entity_id": entity,
            "number": "'MAIN-2026-' || " + d.pad("g.i", 6 if orders < 1_000_000 else 7), "sequence": "g.i",
        }),
        _insert(d, "payment", orders, {
            "id": d.id(7, "g.i"), "order_id": d.id(2, "g.i"), "position": "1",
            "gateway_reference": "'pi_' || " + d.pad("g.i * 89", 12),
        }),
        _insert(d, "return", max(1, orders // 10), {
            "id": d.id(8, "g.i"), "order_id": d.id(2, "g.i"), "number": f"'R-' || CAST({FIRST} + g.i AS text) || '-1'",
        }),
    ]  # fmt: skip
    for field, term in terms.items():
        row = {"customer_id": d.id(1, "g.i"), "field": f"'{field.strip(chr(39))}'", "term": term}
        made.append(_insert(d, "search_term", people, row, named) + " ON CONFLICT DO NOTHING")
    return made


def _insert(d: Dialect, name: str, count: int, given: Mapping[str, str], join: str = "") -> str:
    table = Model.metadata.tables[name]
    values = dict(given)
    for column in table.columns:
        needed = not column.nullable and column.server_default is None
        if column.name not in values and needed and not (column.primary_key and isinstance(column.type, sa.Integer)):
            values[column.name] = d.empty(column)
    columns = ", ".join(f'"{column}"' for column in values)
    source = f"FROM {d.series(count)} {join} WHERE true"
    return f'INSERT INTO "{name}" ({columns}) SELECT {", ".join(_typed(d, table, values))} {source}'


def _typed(d: Dialect, table: sa.Table, values: Mapping[str, str]) -> list[str]:
    """A text constant has no type in a SELECT of PostgreSQL: moments, days and JSON are cast."""
    kinds = ((sa.DateTime, "timestamptz"), (sa.Date, "date"), (sa.JSON, "jsonb"))
    found = []
    for name, value in values.items():
        cast = next((text for kind, text in kinds if isinstance(table.c[name].type, kind)), None)
        found.append(f"CAST({value} AS {cast})" if cast and not d.sqlite else value)
    return found


async def fill(database: Database, orders: int) -> None:
    """Fill a migrated database that has one legal entity and one channel."""
    run = list(_all(orders, sqlite=database.sqlite))
    if database.sqlite:
        await asyncio.to_thread(_fill_file, database.url.partition("///")[2], run)
        return
    async with database.engine.begin() as connection:
        for statement in (
            "SET LOCAL session_replication_role = replica",
            "DROP INDEX ix_search_term_parts",
            *run,
            "CREATE INDEX ix_search_term_parts ON search_term USING gin (term gin_trgm_ops)",
            "ANALYZE",
        ):
            await connection.exec_driver_sql(statement)


def _all(orders: int, *, sqlite: bool) -> Iterator[str]:
    for table, words in (("bench_given", GIVEN), ("bench_surname", [COMMON, *map(surname, range(1, SURNAMES))])):
        yield f"CREATE TABLE {table} (n integer PRIMARY KEY, word text NOT NULL)"
        yield f"INSERT INTO {table} VALUES " + ", ".join(f"({number}, '{word}')" for number, word in enumerate(words))
    entity, channel = [f"(SELECT id FROM {table} LIMIT 1)" for table in ("legal_entity", "sales_channel")]
    yield from statements(orders, sqlite=sqlite, entity=entity, channel=channel)
    yield from ("DROP TABLE bench_given", "DROP TABLE bench_surname")


def _fill_file(path: str, statements: Sequence[str]) -> None:
    """By a connection of its own, which follows no foreign keys."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in (*statements, "ANALYZE"):
            connection.execute(statement)
