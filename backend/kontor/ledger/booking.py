"""An entry of the journal as rows of two accounts each, the form in which accounting programs take it in. Pure.

A document's revenue goes out gross where its account takes the tax out by itself, and net with the tax in a row of its
own where it does not. Amounts are minor units; a row's amount is always above zero.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from kontor.core.money import spread
from kontor.ledger.chart import Numbered

Find = Callable[[str, str], Numbered]
_EARNED = ("REVENUE", "CHARGES", "KEPT_FEES", "BAD_DEBTS")


@dataclass(frozen=True, slots=True)
class Side:
    """A line of an entry: debit positive, credit negative."""

    account: str
    detail: str
    amount: int


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry and the paper it belongs to. `document` is the number by which open items are matched."""

    id: str
    kind: str
    on: date
    document: str
    reference: str
    order_number: str
    currency: str
    sides: tuple[Side, ...]
    supplied_on: date | None = None
    due_on: date | None = None
    vat_id: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`amount` from or to `account` against `counter`; `debit` says that `account` is debited.

    `eu_country` and `eu_rate` name the member state whose tax is charged. `rounding` is by how much the tax of the
    document differs from the tax that a program computes from this row.
    """

    amount: int
    debit: bool
    account: str
    counter: str
    tax_key: str
    booked: Booked
    eu_country: str = ""
    eu_rate: str = ""
    rounding: int = 0


@dataclass(slots=True)
class _Leg:
    number: str
    amount: int
    tax_key: str = ""
    taxed: bool = False
    eu: tuple[str, str] = ("", "")
    rounding: int = 0


def rows_of(booked: Booked, find: Find) -> list[Row]:
    """The rows of an entry; none for one that moves nothing between two numbers.

    A document's rows all go against the debtor, so that each bears the tax of one account alone. Where a voucher pays
    for goods there are two accounts to go against; the rounding of tax then stands in the first row of what it is of.
    """
    legs = _legs(booked, find)
    plain = [leg for leg in legs if not leg.taxed]
    if len(plain) == 1:
        pivot = plain[0]
        return [_row(booked, pivot, leg, abs(leg.amount), leg.amount < 0) for leg in legs if leg.taxed and leg.amount]
    debits = [leg for leg in legs if leg.amount > 0]
    credits_ = [leg for leg in legs if leg.amount < 0]
    rows, told = list[Row](), set[int]()
    for debit, credit, amount in _pairs(debits, credits_):
        turned = debit.taxed and not credit.taxed  # a row bears the tax of its counter account
        main, other = (credit, debit) if turned else (debit, credit)
        row = _row(booked, main, other, amount, not turned)
        rows.append(replace(row, rounding=0) if id(other) in told else row)
        told.add(id(other))
    return rows


def _row(booked: Booked, main: _Leg, other: _Leg, amount: int, debit: bool) -> Row:
    return Row(amount, debit, main.number, other.number, other.tax_key, booked, *other.eu, rounding=other.rounding)


def _pairs(debits: Sequence[_Leg], credits_: Sequence[_Leg]) -> Iterable[tuple[_Leg, _Leg, int]]:
    """Debits against credits in their order, each pair by the smaller rest."""
    rests = [-leg.amount for leg in credits_]
    place = 0
    for debit in debits:
        rest = debit.amount
        while rest:
            part = min(rest, rests[place])
            yield debit, credits_[place], part
            rest -= part
            rests[place] -= part
            place += not rests[place]


def _legs(booked: Booked, find: Find) -> list[_Leg]:
    """The sides by number, the sides of one way of taxing put together."""
    plain = [side for side in booked.sides if side.account not in (*_EARNED, "TAX")]
    legs: dict[str, _Leg] = {}
    for side in plain:
        number = find(side.account, side.detail).number
        legs.setdefault(number, _Leg(number, 0)).amount += side.amount
    taxed: dict[str, _Taxed] = {}
    for side in booked.sides:
        if side.account in _EARNED:
            taxed.setdefault(side.detail, _Taxed(side.detail)).earned.append(side)
        elif side.account == "TAX":
            taxed.setdefault(side.detail, _Taxed(side.detail)).tax += side.amount
    return [*legs.values(), *(leg for group in taxed.values() for leg in group.legs(find))]


@dataclass(slots=True)
class _Taxed:
    """What a document says of one way of taxing."""

    detail: str
    earned: list[Side] = field(default_factory=list)
    tax: int = 0

    def legs(self, find: Find) -> list[_Leg]:
        rows = [find(side.account, side.detail) for side in self.earned]
        net = sum(side.amount for side in self.earned)
        if rows and all(row.taxes for row in rows) and net:
            shares = _shares(self.tax, [side.amount for side in self.earned])
            return [
                self._gross(side.amount + tax, tax, row)
                for side, tax, row in zip(self.earned, shares, rows, strict=True)
            ]
        legs = [
            _Leg(row.number, side.amount, taxed=True, eu=_eu(self.detail))
            for side, row in zip(self.earned, rows, strict=True)
        ]
        if self.tax:
            legs.append(_Leg(find("TAX", self.detail).number, self.tax, taxed=True, eu=_eu(self.detail)))
        return legs

    def _gross(self, gross: int, tax: int, row: Numbered) -> _Leg:
        return _Leg(
            row.number,
            gross,
            row.tax_key,
            taxed=True,
            eu=_eu(self.detail),
            rounding=tax - _contained(gross, self.detail),
        )


def _shares(tax: int, weights: Sequence[int]) -> list[int]:
    """A tax over amounts that may differ in sign; what their size does not explain goes to the first."""
    if all(weight <= 0 for weight in weights) or all(weight >= 0 for weight in weights):
        return spread(tax, [abs(weight) for weight in weights])
    whole = sum(weights)
    parts = [int((Decimal(tax) * weight / whole).quantize(Decimal(1), ROUND_HALF_UP)) for weight in weights]
    parts[0] += tax - sum(parts)
    return parts


def _contained(gross: int, detail: str) -> int:
    """The tax that a program takes out of a gross amount."""
    if not detail.startswith(("DOMESTIC/", "OSS/")):
        return 0
    rate = Decimal(detail.rpartition("/")[2])
    return int((Decimal(gross) * rate / (100 + rate)).quantize(Decimal(1), ROUND_HALF_UP))


def _eu(detail: str) -> tuple[str, str]:
    """Country and rate where another member state's tax, or none because of the buyer's VAT id, is charged."""
    kind, _, rest = detail.partition("/")
    if kind == "OSS":
        country, _, rate = rest.partition("/")
        return country, rate
    return (rest, "") if kind == "INTRA_COMMUNITY" else ("", "")
