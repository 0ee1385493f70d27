"""What an invoice and a credit note say. Pure: plain JSON values from frozen amounts, all in minor units.

Nothing is priced or taxed again here. A credit takes of a line's frozen tax what its pieces are entitled to so far,
less what was credited so far, so that any sequence of credits ends at exactly the line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kontor.catalog.vouchers import VOUCHER_CLASS
from kontor.core.money import of_units

Line = dict[str, Any]
_LINKS = ("shipment_line_id", "order_line_id", "charge_id", "sku")


@dataclass(frozen=True, slots=True)
class Credited:
    """What was credited of one invoice line so far."""

    pieces: int = 0
    gross: int = 0
    tax: int = 0


def goods_line(sent: Mapping[str, Any], *, gross: bool) -> Line:
    """A line of goods; `total` and `unit_price` are gross or net as the channel shows them.

    `owed` is what the holders of vouchers can pay with them, whatever they cost.
    """
    total = sent["gross"] if gross else sent["net"]
    listed = sent["unit_price"] * sent["quantity"]
    return {
        "shipment_line_id": str(sent["id"]),
        "order_line_id": str(sent["order_line_id"]),
        "sku": sent["sku"],
        "name": sent["name"],
        "quantity": sent["quantity"],
        "unit_price": sent["unit_price"],
        "discount": max(0, listed - total),
        "total": total,
        **_amounts(sent),
        **({"voucher": True, "owed": listed} if sent.get("tax_class") == VOUCHER_CLASS else {}),
    }


def charge_line(charge: Mapping[str, Any], *, gross: bool) -> Line:
    """A line for a fee of the order."""
    total = charge["gross"] if gross else charge["net"]
    return {
        "charge_id": str(charge["id"]),
        "name": charge["name"],
        "quantity": 1,
        "unit_price": total,
        "discount": 0,
        "total": total,
        **_amounts(charge),
    }


def _amounts(row: Mapping[str, Any]) -> Line:
    return {"net": row["net"], "tax": row["tax"], "gross": row["gross"], "tax_rate": plain_rate(row["tax_rate"])}


def plain_rate(rate: Decimal) -> str:
    """A rate in percent without trailing zeros: the same rate reads the same everywhere."""
    text = format(rate, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def tax_rows(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The lines of each rate together, highest rate first."""
    sums: dict[str, dict[str, Any]] = {}
    for line in lines:
        row = sums.setdefault(line["tax_rate"], {"rate": line["tax_rate"], "net": 0, "tax": 0, "gross": 0})
        for name in ("net", "tax", "gross"):
            row[name] += line[name]
    return sorted(sums.values(), key=lambda row: -Decimal(row["rate"]))


def totals(taxes: Sequence[Mapping[str, Any]]) -> tuple[int, int, int]:
    """Net, tax and gross of a document."""
    return sum(r["net"] for r in taxes), sum(r["tax"] for r in taxes), sum(r["gross"] for r in taxes)


def credit_line(invoiced: Line, *, pieces: int, gross: int, before: Credited, by_gross: bool) -> Line:
    """`gross` back for `pieces` of an invoice line, with the tax that belongs to it."""
    tax = _tax_of(invoiced, pieces, gross, before)
    net = gross - tax
    shown = gross if by_gross else net
    kept = {name: invoiced[name] for name in (*_LINKS, "voucher") if name in invoiced}
    return kept | {
        "name": invoiced["name"],
        "quantity": max(1, pieces),
        "unit_price": shown // max(1, pieces) if shown % max(1, pieces) == 0 else invoiced["unit_price"],
        "discount": 0,
        "total": shown,
        "net": net,
        "tax": tax,
        "gross": gross,
        "tax_rate": invoiced["tax_rate"],
        "pieces": pieces,
    }


def _tax_of(invoiced: Line, pieces: int, gross: int, before: Credited) -> int:
    if before.gross + gross >= invoiced["gross"]:
        return int(invoiced["tax"]) - before.tax  # the last credit takes the rest
    so_far = min(before.pieces + pieces, invoiced["quantity"])
    if before.gross + gross == of_units(invoiced["gross"], invoiced["quantity"], so_far):
        return of_units(invoiced["tax"], invoiced["quantity"], so_far) - before.tax
    share = Decimal(invoiced["tax"]) * (before.gross + gross) / invoiced["gross"]
    return int(share.quantize(Decimal(1), ROUND_HALF_UP)) - before.tax


def fee_line(fee: Mapping[str, Any], rate: str, *, by_gross: bool, tax: int | None = None) -> Line:
    """A fee that is kept (a negative gross), with its tax (the one given, or else computed), as a line of its own."""
    gross = int(fee["gross"])
    percent = Decimal(rate)
    if tax is None:
        tax = int((Decimal(gross) * percent / (100 + percent)).quantize(Decimal(1), ROUND_HALF_UP))
    shown = gross if by_gross else gross - tax
    return {
        "name": str(fee.get("name") or "Fee"),
        "quantity": 1,
        "unit_price": shown,
        "discount": 0,
        "total": shown,
        "net": gross - tax,
        "tax": tax,
        "gross": gross,
        "tax_rate": rate,
        "pieces": 0,
    }
