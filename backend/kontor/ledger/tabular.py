"""The journal as a table and as JSON, one line or object per side of an entry. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from kontor.ledger.booking import Booked
from kontor.ledger.chart import Numbered

COLUMNS = (
    "entry", "kind", "date", "document", "reference", "order", "currency", "account", "detail", "number", "name",
    "debit", "credit",
)  # fmt: skip
_SPECIAL = re.compile(r'[,"\r\n]')
Find = Callable[[Booked, str, str], Numbered]


def csv_head() -> bytes:
    """The head line."""
    return (",".join(COLUMNS) + "\r\n").encode()


def csv_of(entries: Iterable[Booked], find: Find) -> bytes:
    """The lines of entries, UTF-8, comma-separated (RFC 4180); minor units, one of debit and credit empty."""
    lines = (",".join(map(_cell, row)) for entry in entries for row in _rows(entry, find))
    return "".join(f"{line}\r\n" for line in lines).encode()


def _rows(entry: Booked, find: Find) -> Iterable[Sequence[Any]]:
    head = (
        entry.id, entry.kind, entry.on.isoformat(), entry.document, entry.reference, entry.order_number, entry.currency,
    )  # fmt: skip
    for side in entry.sides:
        row = find(entry, side.account, side.detail)
        sums = (side.amount, "") if side.amount >= 0 else ("", -side.amount)
        yield (*head, side.account, side.detail, row.number, row.name, *sums)


def _cell(value: Any) -> str:
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


JSON_END = b"\n  ]\n}"


def json_head(head: dict[str, Any]) -> bytes:
    """One object as far as its `entries`: these follow, separated by commas, then `JSON_END`."""
    return orjson.dumps(head, option=orjson.OPT_INDENT_2).removesuffix(b"\n}") + b',\n  "entries": ['


def json_of(entries: Iterable[Booked], find: Find, *, first: bool) -> bytes:
    """Entries, each with its `lines`; minor units, debit positive. All but the `first` follow upon others."""
    parts = [orjson.dumps(_object(entry, find), option=orjson.OPT_INDENT_2) for entry in entries]
    text = b",".join(b"\n    " + part.replace(b"\n", b"\n    ") for part in parts)
    return text if first or not parts else b"," + text


def _object(entry: Booked, find: Find) -> dict[str, Any]:
    lines = []
    for side in entry.sides:
        row = find(entry, side.account, side.detail)
        lines.append(
            {"account": side.account, "detail": side.detail, "number": row.number, "name": row.name,
             "amount": side.amount}
        )  # fmt: skip
    return {
        "id": entry.id,
        "kind": entry.kind,
        "date": entry.on.isoformat(),
        "document": entry.document,
        "reference": entry.reference,
        "order": entry.order_number,
        "currency": entry.currency,
        "lines": lines,
    }
