"""Payouts of the simulated gateway: what has moved since the last one, net of fees."""

from __future__ import annotations

from typing import Any

from kontor.adapters.payments.simulator.ledger import Ledger

# What a kind of entry is on a payout, and its sign.
CATEGORIES = {
    "capture": ("CHARGE", 1),
    "refund": ("REFUND", -1),
    "refund_return": ("REFUND_FAILURE", 1),
    "chargeback": ("DISPUTE", -1),
    "reinstatement": ("DISPUTE_REVERSAL", 1),
}


def pay_out(ledger: Ledger, key: str, currency: str, now: float) -> dict[str, Any]:
    """Settle every entry of a currency that no payout has settled; once per key."""
    with ledger.transaction():
        known = ledger.payout(f"po_{key}")
        if known is not None:
            return known
        lines = [_line(entry) for entry in ledger.entries(unsettled=currency) if entry["kind"] in CATEGORIES]
        ledger.add_payout(f"po_{key}", sum(each["amount"] - each["fee"] for each in lines), currency, now)
    paid = ledger.payout(f"po_{key}")
    assert paid is not None
    return paid


def lines_of(ledger: Ledger, payout_id: str) -> list[dict[str, Any]]:
    """What a payout settled, oldest first."""
    return [_line(entry) for entry in ledger.entries(payout=payout_id) if entry["kind"] in CATEGORIES]


def _line(entry: dict[str, Any]) -> dict[str, Any]:
    category, sign = CATEGORIES[entry["kind"]]
    return {
        "object": "payout_line", "id": f"ln_{entry['seq']}", "category": category, "amount": sign * entry["amount"],
        "fee": entry["fee"], "currency": entry["currency"], "source": entry["source"],
        "payment_intent": entry["intent"], "at": entry["at"],
    }  # fmt: skip
