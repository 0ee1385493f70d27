"""What Kontor holds at the end against what the rows say; every difference is a sentence."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kontor.bench.replay.outcome import Outcome
from kontor.bench.retail.book import TAKEN, Book, Fate, Sale
from kontor.bench.retail.playing import NOT_REFUSED, Played
from kontor.bench.retail.rows import Row

COLUMNS = ("row", "invoice_no", "stock_code", "quantity", "unit_price", "invoice_date", "customer_id", "reason", "said")


@dataclass(slots=True)
class Sums:
    """Rows, pieces and pence of one kind."""

    rows: int = 0
    pieces: int = 0
    amount: int = 0

    def add(self, row: Row) -> None:
        """Count a row."""
        self.rows, self.pieces, self.amount = self.rows + 1, self.pieces + row.quantity, self.amount + row.amount


@dataclass(slots=True)
class Checked:
    """The sums by fate, the figures, and what differs."""

    by_fate: dict[Fate, Sums] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def compare(self, name: str, recorded: Any, held: Any) -> None:
        """Keep a figure; two that differ are a difference."""
        self.figures[name] = held
        if recorded != held:
            self.differences.append(f"{name}: {recorded} by the rows, {held} in Kontor")


def check(rows: Sequence[Row], book: Book, played: Played, outcome: Outcome) -> Checked:
    """Everything that can be said at the end, but for the audit; `rows` are those that were played."""
    made = Checked()
    _count_once(made, rows, book)
    sold, charged = made.by_fate[Fate.SOLD], made.by_fate[Fate.CHARGED]
    ended = list(outcome.orders.values())
    sales = [sale for sale in book.sales.values() if sale.played]
    made.compare("orders", len(sales), len(ended))
    shipped = sum(line.shipped for each in ended for line in each.lines)
    made.compare("pieces shipped", sold.pieces, shipped)
    made.compare("goods", sold.amount, sum(each.goods for each in ended))
    made.compare("charges", charged.amount, sum(each.charges for each in ended))
    made.compare("captured", sold.amount + charged.amount, sum(each.captured for each in ended))
    returned = sum(line.returned for each in ended for line in each.lines)
    made.compare("pieces returned", -made.by_fate[Fate.RETURNED].pieces, returned)
    made.compare("pieces on the shelf", returned, sum(row[2] for row in outcome.stock))
    made.compare("refunded", book.refunded, sum(each.refunded for each in ended))
    by_kind: Counter[str] = Counter()
    for each in ended:
        for kind, _, amount in each.refunds:
            by_kind[kind] += int(amount)
    made.compare("refunded with returns", book.at_paid + book.with_goods - book.kept, by_kind["RETURN"])
    made.compare("charges credited alone", book.alone, by_kind["CORRECTION"])
    made.figures["explained"] = _explained(book)
    _check_orders(made, sales, outcome)
    _check_refusals(made, book, played)
    return made


def _count_once(made: Checked, rows: Sequence[Row], book: Book) -> None:
    """Each row has one fate, and the sums of all fates are those of the rows."""
    made.by_fate = {fate: Sums() for fate in Fate}
    whole = Sums()
    for row in rows:
        whole.add(row)
        fate = book.fates.get(row.number)
        if fate is None:
            made.differences.append(f"row {row.number} is not counted")
        else:
            made.by_fate[fate].add(row)
    for name in ("rows", "pieces", "amount"):
        made.compare(f"{name} of all", getattr(whole, name), sum(getattr(each, name) for each in made.by_fate.values()))
    if len(book.fates) != len(rows):
        made.differences.append(f"{len(book.fates)} rows have a fate, {len(rows)} were played")


def _explained(book: Book) -> dict[str, int]:
    """How what was refunded follows from what the cancellations say; pence."""
    return {
        "returned by the cancellations": book.recorded,
        "sold at another price than canceled": book.at_paid - book.recorded,
        "charges of sales that came back whole": book.with_goods,
        "of these back already": -book.kept,
        "charges credited alone": book.alone,
        "refunded": book.refunded,
    }


def _check_orders(made: Checked, sales: Sequence[Sale], outcome: Outcome) -> None:
    for sale in sales:
        ended = outcome.orders.get(sale.document)
        if ended is None:
            made.differences.append(f"order {sale.document} is lost")
            continue
        if ended.refunded > ended.captured:
            made.differences.append(f"order {sale.document}: {ended.refunded} refunded of {ended.captured} paid")
        wanted = (sale.paid, sale.refunded, sum(row.quantity for row in sale.lines) - sum(sale.left))
        held = (ended.captured, ended.refunded, sum(line.returned for line in ended.lines))
        if wanted != held:
            made.differences.append(f"order {sale.document}: paid, refunded, returned {held} instead of {wanted}")
    explained = sum(value for name, value in made.figures["explained"].items() if name != "refunded")
    if explained != made.figures["explained"]["refunded"]:
        made.differences.append(f"refunds of {made.figures['refunded']} are explained by {explained}")


def _check_refusals(made: Checked, book: Book, played: Played) -> None:
    """Kontor refused what it was asked in vain, for the reason there was."""
    taken = [number for number, said in played.said.items() if said == NOT_REFUSED]
    made.differences += [f"row {number}: more came back than was sold" for number in taken]
    made.figures["asked of Kontor in vain"] = len(played.said) - len(taken)
    heard = [said for said in played.said.values() if said != NOT_REFUSED]
    made.figures["said by Kontor"] = dict(Counter(said.split(":")[1].strip() for said in heard))
    asked = {number for number in played.said if book.fates[number] is not Fate.MORE_THAN_OPEN}
    made.differences += [f"row {number} was asked and is {book.fates[number]}" for number in sorted(asked)]


def write_refused(path: Path, rows: Sequence[Row], fates: Mapping[int, Fate], said: Mapping[int, str]) -> int:
    """Write what was refused, and why, as CSV; how many rows."""
    refused = [row for row in rows if fates[row.number] not in TAKEN]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in refused:
            writer.writerow(
                (row.number, row.document, row.code, row.quantity, row.price, row.at.isoformat(), row.customer,
                 fates[row.number].value, said.get(row.number, ""))
            )  # fmt: skip
    return len(refused)
