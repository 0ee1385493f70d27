"""Terms by which callers are found, written for everybody known; customers that were merged or erased.

Revision: 0702c2a1b3d5
Follows: 0703c4e6a8b0
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0702c2a1b3d5"
down_revision = "0703c4e6a8b0"
branch_labels = None
depends_on = None

BATCH = 5_000
LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "å": "aa"})
# SQLite's trigram index holds no text of its own; the rows of search_term are never changed, only added and deleted.
SQLITE = (
    "CREATE VIRTUAL TABLE fts_search_term USING fts5(term, content='search_term', content_rowid='id', "
    "tokenize='trigram')",
    "CREATE TRIGGER search_term_added AFTER INSERT ON search_term BEGIN "
    "INSERT INTO fts_search_term (rowid, term) VALUES (new.id, new.term); END",
    "CREATE TRIGGER search_term_removed AFTER DELETE ON search_term BEGIN "
    "INSERT INTO fts_search_term (fts_search_term, rowid, term) VALUES ('delete', old.id, old.term); END",
)


def upgrade() -> None:
    op.add_column("customer", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.add_column("customer", sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customer", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_orders_external_id", "orders", ["external_id"], unique=False)
    op.create_table(
        "search_term",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("term", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_search_term_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_term")),
        sa.UniqueConstraint("customer_id", "field", "term", name=op.f("uq_search_term_customer_id_field_term")),
    )
    op.create_table(
        "consent_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_consent_change_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_change")),
    )
    op.create_index("ix_consent_change_customer_id_at", "consent_change", ["customer_id", "at"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if sqlite else ():
        op.execute(statement)
    _fill(op.get_bind())
    op.create_index("ix_search_term_term_customer_id", "search_term", ["term", "customer_id"], unique=False)
    op.create_index(
        "ix_search_term_parts",
        "search_term",
        ["term"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"term": "gin_trgm_ops"},
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER search_term_removed")
        op.execute("DROP TRIGGER search_term_added")
        op.execute("DROP TABLE fts_search_term")
    op.drop_table("consent_change")
    op.drop_table("search_term")
    op.drop_index("ix_orders_external_id", table_name="orders")
    with op.batch_alter_table("customer") as table:
        table.drop_column("erased_at")
        table.drop_column("merged_at")
        table.drop_column("merged_into_id")


def _fill(bind: sa.Connection) -> None:
    """The terms of every customer, and of the addresses of their orders."""
    add = sa.text(
        "INSERT INTO search_term (customer_id, field, term) VALUES (:customer, :field, :term) ON CONFLICT DO NOTHING"
    )
    sources = (
        ("SELECT id, id, name, company, email, phone FROM customer", _own),
        ("SELECT id, customer_id, name, company, NULL, NULL, postal_code FROM customer_address", _own),
        ("SELECT id, customer_id, email, billing_address, shipping_address FROM orders", _of_order),
    )
    for source, read in sources:
        last: Any = None
        while True:
            column = "customer_id" if "customer_id" in source else "id"
            later = "" if last is None else "AND id > :last "
            page = sa.text(f"{source} WHERE {column} IS NOT NULL {later}ORDER BY id LIMIT {BATCH}")
            rows = bind.execute(page, {} if last is None else {"last": last}).all()
            if not rows:
                break
            last = rows[-1][0]
            found = {(row[1], *term) for row in rows for term in read(row)}
            if found:
                keys = sorted(found, key=str)
                bind.execute(add, [{"customer": key[0], "field": key[1], "term": key[2]} for key in keys])


def _own(row: Any) -> Iterator[tuple[str, str]]:
    names = ("name", "company", "email", "phone", "postal_code")
    yield from _terms(dict(zip(names, row[2:], strict=False)))


def _of_order(row: Any) -> Iterator[tuple[str, str]]:
    yield from _terms({"email": row[2]})
    for address in row[3:]:
        known = json.loads(address) if isinstance(address, str) else address
        yield from _terms(known or {})


def _terms(person: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for text in (person.get("name"), person.get("company")):
        for word in re.findall(r"\w+", _folded(text or "")):
            if len(word) > 1:
                yield "NAME", word[:120]
    email = (person.get("email") or "").strip().lower()
    digits = re.sub(r"\D", "", person.get("phone") or "")
    postal_code = "".join((person.get("postal_code") or "").split()).lower()
    if email:
        yield "EMAIL", email[:120]
    if len(digits) >= 5:
        yield "PHONE", digits[-9:]
    if postal_code:
        yield "POSTAL_CODE", postal_code[:120]


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFC", text).casefold().translate(LETTERS)
    apart = unicodedata.normalize("NFKD", plain)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
