"""Payouts of Stripe and the balance transactions they settle (docs.stripe.com/payouts/reconciliation)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kontor.adapters.payments.stripe.amounts import from_stripe
from kontor.adapters.payments.stripe.calls import Calls
from kontor.core.clock import utc_day
from kontor.core.money import Money
from kontor.payments.ports import GatewayLine, GatewayPayout, GatewayUnavailable, LineCategory

_L = LineCategory
# The accounting view of a balance transaction (docs.stripe.com/reports/reporting-categories).
_CATEGORIES = {
    "charge": _L.CHARGE,
    "refund": _L.REFUND,
    "refund_failure": _L.REFUND_FAILURE,
    "charge_failure": _L.REFUND,
    "dispute": _L.DISPUTE,
    "dispute_reversal": _L.DISPUTE_REVERSAL,
    "fee": _L.FEE,
    "network_cost": _L.FEE,
    "tax": _L.FEE,
}
_PAID_OUT = ("payout", "payout_reversal")


class Payouts:
    """Reads; nothing is ever moved here."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def sent(self, since: datetime) -> list[GatewayPayout]:
        """Payouts that have arrived at the bank or are on their way, oldest first.

        Only automatic payouts: of one that was made by hand Stripe does not say what it settles.
        """
        rows = await self._all("/v1/payouts", [("created[gte]", int(since.timestamp()))])
        wanted = [row for row in rows if row["status"] in ("paid", "in_transit") and row.get("automatic", True)]
        return [
            GatewayPayout(
                row["id"],
                from_stripe(row["amount"], row["currency"]),
                utc_day(datetime.fromtimestamp(row["arrival_date"], UTC)),
                row.get("statement_descriptor") or "",
            )
            for row in reversed(wanted)
        ]

    async def lines(self, payout: str) -> list[GatewayLine]:
        """What the payout settles, oldest first; the payout itself is left out."""
        rows = await self._all("/v1/balance_transactions", [("payout", payout), ("expand[]", "data.source")])
        return [_line(row) for row in reversed(rows) if row["reporting_category"] not in _PAID_OUT]

    async def _all(self, path: str, parameters: list[tuple[str, object]]) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = []
        after: list[tuple[str, object]] = []
        while True:
            answer = await self._calls.get(path, [*parameters, ("limit", 100), *after])
            if answer.refused:
                raise GatewayUnavailable(f"Stripe: {answer.refused.message}", retry_after=None)
            rows += answer.content["data"]
            if not answer.content["has_more"] or not answer.content["data"]:
                return rows
            after = [("starting_after", answer.content["data"][-1]["id"])]


def _line(row: Mapping[str, Any]) -> GatewayLine:
    source = row.get("source")
    thing: Mapping[str, Any] = source if isinstance(source, dict) else {"id": source or ""}
    amount = from_stripe(row["amount"], row["currency"])
    return GatewayLine(
        reference=row["id"],
        category=_CATEGORIES.get(row["reporting_category"], _L.OTHER),
        amount=amount,
        fee=from_stripe(row["fee"], row["currency"]),
        occurred_at=datetime.fromtimestamp(row["created"], UTC),
        source=thing["id"] or "",
        authorization=thing.get("payment_intent") or "",
        original=_original(row, thing, amount),
        description=row.get("description") or "",
    )


def _original(row: Mapping[str, Any], thing: Mapping[str, Any], amount: Money) -> Money | None:
    """What was charged in the customer's currency, with the sign of the movement."""
    if not row.get("exchange_rate") or "currency" not in thing:
        return None
    original = from_stripe(thing["amount"], thing["currency"])
    return -original if amount.amount < 0 else original
