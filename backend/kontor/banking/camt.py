"""Statements in ISO 20022's XML, camt.053 (Bank to Customer Statement) of any version, to plain values. Pure.

Elements are found by their names whatever the version's namespace is; between versions 02 and 12 only a few moved:
the status into a code, names of parties one level down. Only booked entries count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from lxml import etree

from kontor.banking.errors import InvalidStatement
from kontor.core.money import minor_digits

MOST_BYTES = 20_000_000
_ROOT = "BkToCstmrStmt"
_NO_REFERENCE = ("NONREF", "NOTPROVIDED")
Element = etree._Element


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement, minor units, what came in positive; `reference` is unique within the account."""

    reference: str
    amount: int
    currency: str
    booked_on: date
    name: str
    counter_iban: str
    end_to_end: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of an account; opening, entries and closing add up."""

    iban: str
    reference: str
    currency: str
    opening: int
    closing: int
    ends_on: date
    entries: tuple[Entry, ...]


def read(data: bytes) -> list[Statement]:
    """Every statement of a file; raises `InvalidStatement` naming what is wrong."""
    if len(data) > MOST_BYTES:
        raise InvalidStatement(f"At most {MOST_BYTES} bytes.", path=("content",))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise InvalidStatement(f"This is no XML: {problem}", path=("content",)) from problem
    if root.getroottree().docinfo.doctype:
        raise InvalidStatement("A document type declaration is not accepted.", path=("content",))
    told = _child(root, _ROOT)
    if told is None:
        raise InvalidStatement("This is no camt.053 statement.", path=("content",))
    return [_statement(each) for each in _children(told, "Stmt")]


def _statement(node: Element) -> Statement:
    reference = _text(node, "Id")
    iban = _text(node, "Acct", "Id", "IBAN").replace(" ", "")
    if not reference or not iban:
        raise _wrong(reference, "lacks its id or the account's IBAN")
    balances = {_text(each, "Tp", "CdOrPrtry", "Cd"): each for each in _children(node, "Bal")}
    opening, closing = (balances.get(code) for code in ("OPBD", "CLBD"))
    if opening is None:
        opening = balances.get("PRCD")
    if opening is None or closing is None:
        raise _wrong(reference, "lacks its opening or closing balance")
    entries = [entry for each in _children(node, "Ntry") for entry in _entries(each, reference)]
    references = [entry.reference for entry in entries]
    if len(references) != len(set(references)):
        raise _wrong(reference, "has a reference twice")
    found = Statement(
        iban, reference, _currency(closing, reference), _amount(opening, reference), _amount(closing, reference),
        _day(closing, reference, "Dt"), tuple(entries),
    )  # fmt: skip
    if found.opening + sum(entry.amount for entry in entries) != found.closing:
        raise _wrong(reference, "does not add up: opening balance and entries are not the closing balance")
    return found


def _entries(node: Element, statement: str) -> Iterator[Entry]:
    """An entry, or the transactions it was put together of."""
    if (_text(node, "Sts", "Cd") or _text(node, "Sts")) != "BOOK":
        return
    whole, currency = _amount(node, statement), _currency(node, statement)
    day = _day(node, statement, "BookgDt")
    own = _reference(node, statement)
    details = [each for group in _children(node, "NtryDtls") for each in _children(group, "TxDtls")]
    parts = [_part(each, statement) for each in details]
    split = len(parts) > 1 and None not in parts and abs(sum(part or 0 for part in parts)) == abs(whole)
    if not split:
        detail = details[0] if len(details) == 1 else None
        yield _entry(node, detail, f"{own}", whole, currency, day)
        return
    sign = 1 if whole >= 0 else -1
    for number, (detail, part) in enumerate(zip(details, parts, strict=True), 1):
        yield _entry(node, detail, f"{own}/{number}", sign * abs(part or 0), currency, day)


def _reference(node: Element, statement: str) -> str:
    """The bank's own reference, which is unique for the account; else the entry's, which is so in its statement."""
    own, entry = _text(node, "AcctSvcrRef"), _text(node, "NtryRef")
    if own and own not in _NO_REFERENCE:
        return own
    if not entry:
        raise _wrong(statement, "has an entry without a reference of the bank")
    return f"{statement}/{entry}"


def _part(node: Element, statement: str) -> int | None:
    """The amount of a transaction within a batch, None where the bank does not say it."""
    for path in (("Amt",), ("AmtDtls", "TxAmt", "Amt"), ("AmtDtls", "InstdAmt", "Amt")):
        found = _child(node, *path)
        if found is not None:
            return _minor(found, statement)
    return None


def _entry(node: Element, detail: Element | None, reference: str, amount: int, currency: str, day: date) -> Entry:
    side = "Dbtr" if amount >= 0 else "Cdtr"
    if detail is None:
        return Entry(reference[:80], amount, currency, day, "", "", "", _text(node, "AddtlNtryInf")[:1000])
    party = _text(detail, "RltdPties", side, "Pty", "Nm") or _text(detail, "RltdPties", side, "Nm")
    iban = _text(detail, "RltdPties", f"{side}Acct", "Id", "IBAN")
    said = [part.text or "" for part in _paths(detail, "RmtInf", "Ustrd")]
    said += [part.text or "" for part in _paths(detail, "RmtInf", "Strd", "CdtrRefInf", "Ref")]
    end_to_end = _text(detail, "Refs", "EndToEndId")
    return Entry(
        reference[:80], amount, currency, day, party[:140], iban.replace(" ", "")[:34],
        "" if end_to_end == "NOTPROVIDED" else end_to_end[:35],
        " ".join(" ".join(said).split())[:1000] or _text(node, "AddtlNtryInf")[:1000],
    )  # fmt: skip


def _amount(node: Element, statement: str) -> int:
    """The signed amount of a balance or an entry; a reversal's indicator already says which way the money went."""
    found = _child(node, "Amt")
    side = _text(node, "CdtDbtInd")
    if found is None or side not in ("CRDT", "DBIT"):
        raise _wrong(statement, "has an amount without its side")
    amount = _minor(found, statement)
    return amount if side == "CRDT" else -amount


def _currency(node: Element, statement: str) -> str:
    found = _child(node, "Amt")
    currency = "" if found is None else str(found.get("Ccy") or "")
    if len(currency) != 3:
        raise _wrong(statement, "has an amount without its currency")
    return currency


def _minor(node: Element, statement: str) -> int:
    """An amount in minor units of its own currency."""
    text, currency = node.text or "", str(node.get("Ccy") or "")
    try:
        amount = Decimal(text.strip()) * 10 ** minor_digits(currency)
    except InvalidOperation as problem:
        raise _wrong(statement, f"has the amount {text[:40]!r}") from problem
    if not amount.is_finite() or amount < 0 or amount != int(amount) or amount > 10**15:
        raise _wrong(statement, f"has the amount {text[:40]!r}")
    return int(amount)


def _day(node: Element, statement: str, *path: str) -> date:
    text = _text(node, *path, "Dt") or _text(node, *path, "DtTm")
    try:
        return date.fromisoformat(text[:10])
    except ValueError as problem:
        raise _wrong(statement, f"has the day {text[:40]!r}") from problem


def _wrong(statement: str, what: str) -> InvalidStatement:
    return InvalidStatement(f"Statement {statement[:35] or '?'} {what}.", path=("content",), statement=statement[:35])


def _children(node: Element, name: str) -> Iterator[Element]:
    return (each for each in node if isinstance(each.tag, str) and etree.QName(each).localname == name)


def _paths(node: Element, *path: str) -> Iterator[Element]:
    if not path:
        yield node
        return
    for each in _children(node, path[0]):
        yield from _paths(each, *path[1:])


def _child(node: Element, *path: str) -> Element | None:
    return next(_paths(node, *path), None)


def _text(node: Element, *path: str) -> str:
    found = _child(node, *path)
    return "" if found is None else (found.text or "").strip()
