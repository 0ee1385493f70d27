"""The gateway's own books in one SQLite file: payment intents, operations by key, and what really moved."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists intent (
    id text primary key, reference text not null, method text not null, amount integer not null,
    currency text not null, status text not null, authorized integer not null default 0,
    captured integer not null default 0, refunded integer not null default 0,
    expires_at real, created_at real not null
) without rowid;
create table if not exists operation (
    key text primary key, id text not null, intent text not null, kind text not null, amount integer not null,
    currency text not null, reference text not null, status text not null, code text, message text,
    fingerprint blob not null, http_status integer not null, answer blob not null, due_at real,
    created_at real not null
) without rowid;
create index if not exists operation_due on operation (due_at) where due_at is not null;
create table if not exists entry (
    seq integer primary key autoincrement, key text not null, operation text not null, intent text not null,
    reference text not null, kind text not null, amount integer not null, currency text not null, at real not null
);
create table if not exists dispute (
    id text primary key, intent text not null, reference text not null, amount integer not null,
    currency text not null, reason text not null, status text not null, inquiry integer not null,
    held integer not null, fee integer not null, evidence text not null, due_at real not null, told_at real not null
) without rowid;
create table if not exists payout (
    id text primary key, amount integer not null, currency text not null, created_at real not null
) without rowid;
create table if not exists notice (
    seq integer primary key autoincrement, id text not null, body blob not null, due_at real not null,
    attempts integer not null default 0, state text not null default 'open'
);
create index if not exists notice_due on notice (due_at) where state = 'open';
"""


# Columns of `entry` that books of earlier releases lack.
_ADDED = {"source": "text not null default ''", "fee": "integer not null default 0", "payout": "text"}


@dataclass(slots=True)
class Dispute:
    """A complaint about a payment: `held` while the bank has the money, `fee` what the gateway keeps for it."""

    id: str
    intent: str
    reference: str
    amount: int
    currency: str
    reason: str
    status: str
    inquiry: int
    held: int
    fee: int
    evidence: str
    due_at: float
    told_at: float


@dataclass(slots=True)
class Intent:
    """A payment as the gateway sees it; amounts in minor units."""

    id: str
    reference: str
    method: str
    amount: int
    currency: str
    status: str
    authorized: int
    captured: int
    refunded: int
    expires_at: float | None
    created_at: float

    @property
    def capturable(self) -> int:
        """What is still promised and not taken."""
        return self.authorized - self.captured


@dataclass(slots=True)
class Performed:
    """One operation under its idempotency key, with the answer that was given."""

    key: str
    id: str
    intent: str
    kind: str
    amount: int
    currency: str
    reference: str
    status: str
    code: str | None
    message: str | None
    fingerprint: bytes
    http_status: int
    answer: bytes
    due_at: float | None
    created_at: float


class Ledger:
    """The books. Every change is committed before the call is answered, so a killed process forgets nothing."""

    def __init__(self, path: str | Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._db.executescript("pragma journal_mode = wal; pragma synchronous = normal;")
        self._db.executescript(_SCHEMA)
        present = {row[1] for row in self._db.execute("pragma table_info(entry)")}
        for name, kind in _ADDED.items():
            if name not in present:
                self._db.execute(f"alter table entry add column {name} {kind}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def intent(self, intent_id: str) -> Intent | None:
        """One payment intent."""
        row = self._db.execute("select * from intent where id = ?", (intent_id,)).fetchone()
        return Intent(*row) if row else None

    def save_intent(self, intent: Intent) -> None:
        """Write an intent as it now stands."""
        self._db.execute(
            "insert or replace into intent values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                intent.id,
                intent.reference,
                intent.method,
                intent.amount,
                intent.currency,
                intent.status,
                intent.authorized,
                intent.captured,
                intent.refunded,
                intent.expires_at,
                intent.created_at,
            ),
        )

    def operation(self, key: str) -> Performed | None:
        """What was done under a key."""
        row = self._db.execute("select * from operation where key = ?", (key,)).fetchone()
        return Performed(*row) if row else None

    def add_operation(self, done: Performed) -> None:
        """Keep an operation with its answer; a second one under the same key is refused by the database."""
        self._db.execute(
            "insert into operation values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                done.key,
                done.id,
                done.intent,
                done.kind,
                done.amount,
                done.currency,
                done.reference,
                done.status,
                done.code,
                done.message,
                done.fingerprint,
                done.http_status,
                done.answer,
                done.due_at,
                done.created_at,
            ),
        )

    def settle_operation(self, key: str, status: str, code: str | None, message: str | None) -> None:
        """Give a pending operation its result; the stored answer stays what was said at the time."""
        self._db.execute(
            "update operation set status = ?, code = ?, message = ?, due_at = null where key = ?",
            (status, code, message, key),
        )

    def due_operations(self, now: float) -> list[Performed]:
        """Pending operations whose time has come."""
        rows = self._db.execute("select * from operation where due_at <= ? order by due_at, key", (now,))
        return [Performed(*row) for row in rows.fetchall()]

    def add_entry(self, done: Performed, kind: str, amount: int, at: float, *, source: str = "", fee: int = 0) -> None:
        """Record that money moved. Nothing here prevents a second entry: the ledger must be able to show one.

        `source` is what moved it where that is not the operation itself, `fee` what the gateway keeps for it.
        """
        self._db.execute(
            "insert into entry (key, operation, intent, reference, kind, amount, currency, at, source, fee)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (done.key, done.id, done.intent, done.reference, kind, amount, done.currency, at, source or done.id, fee),
        )

    def dispute(self, dispute_id: str) -> Dispute | None:
        """One dispute."""
        row = self._db.execute("select * from dispute where id = ?", (dispute_id,)).fetchone()
        return Dispute(*row) if row else None

    def save_dispute(self, dispute: Dispute) -> None:
        """Write a dispute as it now stands."""
        values = [getattr(dispute, item.name) for item in fields(dispute)]
        self._db.execute(f"insert or replace into dispute values ({', '.join('?' * len(values))})", values)

    def payout(self, payout_id: str) -> dict[str, Any] | None:
        """One payout."""
        return next((each for each in self.payouts(0.0) if each["id"] == payout_id), None)

    def payouts(self, since: float) -> list[dict[str, Any]]:
        """Payouts since a moment, oldest first."""
        names = ("id", "amount", "currency", "created_at")
        found = self._db.execute("select * from payout where created_at >= ? order by created_at, id", (since,))
        return [dict(zip(names, row, strict=True)) for row in found]

    def add_payout(self, payout_id: str, amount: int, currency: str, at: float) -> None:
        """Send what no payout has settled yet in a currency."""
        self._db.execute("insert into payout values (?, ?, ?, ?)", (payout_id, amount, currency, at))
        self._db.execute("update entry set payout = ? where payout is null and currency = ?", (payout_id, currency))

    def add_notice(self, notice_id: str, body: bytes, due_at: float) -> None:
        """Queue a notice; the same id may be queued twice, as gateways do."""
        self._db.execute("insert into notice (id, body, due_at) values (?, ?, ?)", (notice_id, body, due_at))

    def due_notices(self, now: float, limit: int = 100) -> list[tuple[int, str, bytes, int]]:
        """Open notices that are due: sequence, id, body, attempts so far."""
        rows = self._db.execute(
            "select seq, id, body, attempts from notice where state = 'open' and due_at <= ?"
            " order by due_at, seq limit ?",
            (now, limit),
        )
        return rows.fetchall()

    def close_notice(self, seq: int, state: str) -> None:
        """A notice was taken (`sent`) or given up (`dead`)."""
        self._db.execute("update notice set state = ?, attempts = attempts + 1 where seq = ?", (state, seq))

    def postpone_notice(self, seq: int, due_at: float) -> None:
        """A notice was not taken: try again later."""
        self._db.execute("update notice set attempts = attempts + 1, due_at = ? where seq = ?", (due_at, seq))

    def entries(self, *, unsettled: str | None = None, payout: str | None = None) -> list[dict[str, Any]]:
        """What moved, in order: everything, what no payout of a currency has settled, or what one payout did."""
        found = _entries(self._db)
        if unsettled is not None:
            return [each for each in found if each["payout"] is None and each["currency"] == unsettled]
        return found if payout is None else [each for each in found if each["payout"] == payout]


@dataclass(frozen=True, slots=True)
class Audit:
    """What the books say: moved amounts per our payment reference and kind, and what was done more than once."""

    totals: dict[str, dict[str, int]]
    repeated: list[tuple[str, str, int]]


def audit_entries(entries: list[dict[str, Any]]) -> Audit:
    """Sum entries per reference and kind; `repeated` lists (key, kind, times) for anything done twice."""
    totals: dict[str, dict[str, int]] = {}
    times: dict[tuple[str, str], int] = {}
    for entry in entries:
        kinds = totals.setdefault(entry["reference"], {})
        kinds[entry["kind"]] = kinds.get(entry["kind"], 0) + entry["amount"]
        times[entry["key"], entry["kind"]] = times.get((entry["key"], entry["kind"]), 0) + 1
    return Audit(totals, [(key, kind, count) for (key, kind), count in times.items() if count > 1])


def audit_file(path: str | Path) -> Audit:
    """Read the books of a gateway from its file, running or not."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return audit_entries(_entries(db))
    finally:
        db.close()


def _entries(db: sqlite3.Connection) -> list[dict[str, Any]]:
    names = (
        "seq", "key", "operation", "intent", "reference", "kind", "amount", "currency", "at", "source", "fee", "payout",
    )  # fmt: skip
    rows = db.execute(f"select {', '.join(names)} from entry order by seq").fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]
