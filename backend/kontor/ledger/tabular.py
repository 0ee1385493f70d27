"""The journal as a table and as JSON, one line or object per side of an entry. Pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from kontor.ledger.booking import Booked
from kontor.ledger.chart import Numbered

COLUMNS = (
    "entry", "kind", "date", "document", "reference", "order", "currency", "account", "detail", "number", "name",
    "debit", "credit",
)  # fmt: skip
Find = Callable[[Booked, str, str], Numbered]


def csv_of(entries: Sequence[Booked], find: Find) -> bytes:
    """UTF-8 with a head line, comma-separated (RFC 4180); amounts in minor units, one of debit and credit empty."""
    lines = [",".join(COLUMNS)]
    for entry in entries:
        lines.extend(",".join(map(_cell, row)) for row in _rows(entry, find))
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
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text


def json_of(head: dict[str, Any], entries: Sequence[Booked], find: Find) -> bytes:
    """One object: the head, then `entries`, each with its `lines`; amounts in minor units, debit positive."""
    return orjson.dumps({**head, "entries": [_object(entry, find) for entry in entries]}, option=orjson.OPT_INDENT_2)


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
