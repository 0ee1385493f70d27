"""What each row of the set is: a sale, a charge, a return of an earlier sale, a credit, or refused, and why. Pure.

A cancellation does not say which sale it cancels. It is taken off the sales of the same customer and article: first off
those at the same price, of these off the newest, because what comes back was mostly bought last. A row is taken as a
whole or refused as a whole. Money goes back at the price that was paid, which need not be the one on the cancellation.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kontor.bench.retail.rows import Row, Span, documents, pence


class Fate(StrEnum):
    """What became of a row."""

    SOLD = "sold"
    CHARGED = "kept as a charge"
    RETURNED = "returned"
    CREDITED = "charge credited"
    WRITTEN_OFF = "stock written off: nobody bought it"
    FOUND = "stock found: nobody bought it"
    BAD_DEBT = "bad debt: neither goods nor a charge"
    CHARGES_ALONE = "charges of a document without goods"
    NOBODY = "canceled for nobody: no customer is named"
    NEVER_SOLD = "never sold to this customer"
    MORE_THAN_OPEN = "more than was sold and is open"
    SOLD_BEFORE = "sold before the months that are played"
    NEVER_CHARGED = "never charged to this customer, or credited already"


TAKEN = frozenset({Fate.SOLD, Fate.CHARGED, Fate.RETURNED, Fate.CREDITED})


@dataclass(slots=True)
class Charge:
    """A fee of a sale: what was credited of it alone, and what of the rest went back with the goods."""

    row: Row
    credited: int = 0
    given: int = 0

    @property
    def left(self) -> int:
        """What can still be credited alone."""
        return 0 if self.given else self.row.amount - self.credited


@dataclass(slots=True)
class Sale:
    """An invoice as an order; `left` are the pieces of each line that are still with the customer."""

    document: str
    at: datetime
    customer: str
    country: str
    lines: list[Row]
    charges: list[Charge]
    played: bool
    left: list[int] = field(default_factory=list)
    refunded: int = 0

    def __post_init__(self) -> None:
        self.left = [row.quantity for row in self.lines]

    @property
    def paid(self) -> int:
        """What the customer owes and pays, pence."""
        return sum(row.amount for row in self.lines) + sum(charge.row.amount for charge in self.charges)


@dataclass(frozen=True, slots=True)
class Asked:
    """A row that Kontor has to refuse, with the newest line it might be about."""

    row: Row
    sale: Sale
    line: int


@dataclass(slots=True)
class Credit:
    """A cancellation as what is done: pieces by sale and line, charges credited alone, and what is asked in vain."""

    document: str
    at: datetime
    customer: str
    pieces: dict[str, Counter[int]] = field(default_factory=dict)
    charges: list[tuple[str, int]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


@dataclass(slots=True)
class Book:
    """All that is done, in the order of time, and what became of each row that is played.

    `recorded` and `at_paid` are the pence of what was returned by the cancellations and by the sales; `with_goods` are
    charges that went back because all goods of their sale did, `kept` what did not because it had gone back before.
    """

    acts: list[Sale | Credit] = field(default_factory=list)
    fates: dict[int, Fate] = field(default_factory=dict)
    sales: dict[str, Sale] = field(default_factory=dict)
    recorded: int = 0
    at_paid: int = 0
    with_goods: int = 0
    kept: int = 0
    alone: int = 0

    @property
    def refunded(self) -> int:
        """What goes back of all that was paid."""
        return sum(sale.refunded for sale in self.sales.values() if sale.played)


def write_up(rows: Sequence[Row], played: Span) -> Book:
    """Go through all rows in the order of time; those outside the months say only what was sold before."""
    book, desk = Book(), _Desk()
    for document in documents(rows):
        inside = played.holds(document[0].at)
        if played.is_over(document[0].at):
            break
        if document[0].is_credit:
            _take_back(book, desk, document, inside=inside)
        else:
            _sell(book, desk, document, inside=inside)
    return book


@dataclass(slots=True)
class _Desk:
    """What customers bought, by customer and code, the oldest first."""

    goods: defaultdict[tuple[str, str], list[tuple[Sale, int]]] = field(default_factory=lambda: defaultdict(list))
    charges: defaultdict[tuple[str, str], list[tuple[Sale, Charge]]] = field(default_factory=lambda: defaultdict(list))


def _sell(book: Book, desk: _Desk, rows: Sequence[Row], *, inside: bool) -> None:
    sold, charged = [], []
    for row in rows:
        fate = _not_sold(row)
        if fate is None and row.is_charge:
            charged.append(row)
        elif fate is None:
            sold.append(row)
        else:
            _note(book, [row], fate, inside=inside)
    _note(book, charged, Fate.CHARGED if sold else Fate.CHARGES_ALONE, inside=inside)
    if not sold:
        return
    _note(book, sold, Fate.SOLD, inside=inside)
    head = sold[0]
    sale = Sale(head.document, head.at, head.customer, head.country, sold, [Charge(row) for row in charged], inside)
    book.sales[sale.document] = sale
    if inside:
        book.acts.append(sale)
    if sale.customer:
        for position, row in enumerate(sale.lines):
            desk.goods[sale.customer, row.code].append((sale, position))
        for charge in sale.charges:
            desk.charges[sale.customer, charge.row.code].append((sale, charge))


def _not_sold(row: Row) -> Fate | None:
    """Why a row of an invoice is no sale, if so."""
    if row.price < 0 or not row.document[:1].isdigit():
        return Fate.BAD_DEBT
    if row.quantity < 0:
        return Fate.WRITTEN_OFF
    return Fate.FOUND if not row.price and not row.customer else None


def _take_back(book: Book, desk: _Desk, rows: Sequence[Row], *, inside: bool) -> None:
    credit = Credit(rows[0].document, rows[0].at, rows[0].customer)
    for row in (each for each in rows if not each.is_charge):
        _note(book, [row], _return(book, desk, credit, row), inside=inside)
    for document, pieces in credit.pieces.items():
        _pay_back(book, book.sales[document], pieces)
    for row in (each for each in rows if each.is_charge):
        _note(book, [row], _credit(book, desk, credit, row), inside=inside)
    if inside and (credit.pieces or credit.charges or credit.asked):
        book.acts.append(credit)


def _return(book: Book, desk: _Desk, credit: Credit, row: Row) -> Fate:
    if not row.customer:
        return Fate.NOBODY
    bought = desk.goods[row.customer, row.code]
    if not bought:
        return Fate.NEVER_SOLD
    wanted = -row.quantity
    newest = [each for each in reversed(bought) if each[0].left[each[1]]]
    chosen = _choose(sorted(newest, key=lambda each: each[0].lines[each[1]].price != row.price), wanted)
    if not chosen:
        asked = next((each for each in reversed(bought) if each[0].played), None)
        if asked is not None:
            credit.asked.append(Asked(row, *asked))
        return Fate.MORE_THAN_OPEN
    before = any(not sale.played for sale, *_ in chosen)
    for sale, line, count in chosen:
        if sale.played and before:
            continue  # the row is refused as a whole, so these pieces stay with the customer
        sale.left[line] -= count
        if sale.played:
            credit.pieces.setdefault(sale.document, Counter())[line] += count
            book.at_paid += pence(sale.lines[line].price * count)
    if before:
        return Fate.SOLD_BEFORE
    book.recorded -= row.amount
    return Fate.RETURNED


def _choose(bought: Iterable[tuple[Sale, int]], wanted: int) -> list[tuple[Sale, int, int]]:
    """So many pieces of these lines, in their order; nothing when they are too few."""
    chosen = []
    for sale, line in bought:
        part = min(wanted, sale.left[line])
        chosen.append((sale, line, part))
        wanted -= part
        if not wanted:
            return chosen
    return []


def _pay_back(book: Book, sale: Sale, pieces: Counter[int]) -> None:
    """What goes back for the pieces; with the last ones the charges, never more than was paid and is not back."""
    goods = sum(pence(sale.lines[line].price * count) for line, count in pieces.items())
    charges = 0
    if not any(sale.left):
        for charge in sale.charges:
            charge.given = charge.row.amount - charge.credited
            charges += charge.row.amount
    back = min(goods + charges, sale.paid - sale.refunded)
    book.with_goods += charges
    book.kept += goods + charges - back
    sale.refunded += back


def _credit(book: Book, desk: _Desk, credit: Credit, row: Row) -> Fate:
    if not row.customer:
        return Fate.NOBODY
    amount = -row.amount
    charged = desk.charges[row.customer, row.code]
    for _, charge in reversed(charged):
        if charge.given >= amount > 0:
            charge.given -= amount
            return Fate.CREDITED
    for sale, charge in reversed(charged):
        if charge.left >= amount > 0 and sale.paid - sale.refunded >= amount:
            charge.credited += amount
            if not sale.played:
                return Fate.SOLD_BEFORE
            sale.refunded += amount
            book.alone += amount
            credit.charges.append((sale.document, amount))
            return Fate.CREDITED
    return Fate.NEVER_CHARGED


def _note(book: Book, rows: Iterable[Row], fate: Fate, *, inside: bool) -> None:
    if inside:
        book.fates.update((row.number, fate) for row in rows)
