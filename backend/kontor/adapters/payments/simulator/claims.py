"""Disputes at the simulated gateway, opened and decided by the bank, answered by the shop; refunds that come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from kontor.adapters.payments.simulator.ledger import Dispute, Intent, Ledger
from kontor.adapters.payments.simulator.refusals import Refused

Moved = tuple[str, list[tuple[str, int]], int]
KINDS = frozenset({"dispute", "decide", "contest", "accept", "refund_return"})
ANSWER_WITHIN = 7 * 24 * 3600.0
Tell = Callable[[str, str, dict[str, Any]], None]
"""Queues a notice: its id's seed, its type and its content."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One call about a dispute; `word` is the reason, the decision, the evidence, or the key of a refund."""

    kind: str
    key: str
    dispute_id: str
    amount: int
    word: str
    inquiry: bool


class Claims:
    """What banks and the shop do about disputes; `fee` is kept for each, and given back with one that is won."""

    def __init__(self, ledger: Ledger, *, fee: int, tell: Tell) -> None:
        self._ledger, self._fee, self._tell = ledger, fee, tell

    def perform(self, claim: Claim, intent: Intent, now: float) -> Moved:
        """Carry one operation out: its status, what moved, and the amount it came to."""
        key, word = claim.key, claim.word
        if claim.kind == "dispute":
            return self._open(claim, intent, now)
        if claim.kind == "refund_return":
            return self._return(intent, word)
        dispute = self._ledger.dispute(claim.dispute_id)
        if dispute is None:
            raise Refused("dispute_not_found", "There is no such dispute.")
        if claim.kind == "decide":
            return self._decide(key, dispute, won=word == "won", now=now)
        if dispute.status != "needs_response":
            raise Refused("dispute_closed", f"The dispute is {dispute.status}.")
        if claim.kind == "accept":
            return self._decide(key, dispute, won=False, now=now)
        dispute.status, dispute.evidence = "under_review", word
        self._save(key, dispute, now)
        return "succeeded", [], dispute.amount

    def _open(self, claim: Claim, intent: Intent, now: float) -> Moved:
        if claim.amount > intent.captured:
            raise Refused("amount_too_large", f"At most {intent.captured} can be disputed.")
        dispute = Dispute(
            id=claim.dispute_id, intent=intent.id, reference=intent.reference, amount=claim.amount,
            currency=intent.currency, reason=claim.word, status="needs_response", inquiry=int(claim.inquiry), held=0,
            fee=0, evidence="", due_at=now + ANSWER_WITHIN, told_at=now,
        )  # fmt: skip
        self._save(claim.key, dispute, now)
        return "succeeded", [] if claim.inquiry else self._take(claim.key, dispute, now), claim.amount

    def _take(self, key: str, dispute: Dispute, now: float) -> list[tuple[str, int]]:
        dispute.held, dispute.fee, dispute.inquiry = 1, self._fee, 0
        self._save(f"{key}|funds_withdrawn", dispute, now)
        return [("chargeback", dispute.amount)]

    def _decide(self, key: str, dispute: Dispute, *, won: bool, now: float) -> Moved:
        if dispute.status in ("won", "lost"):
            raise Refused("dispute_closed", f"The dispute is {dispute.status}.")
        moved: list[tuple[str, int]] = []
        if not won and not dispute.held:
            moved = self._take(key, dispute, now)
        dispute.status = "won" if won else "lost"
        if won and dispute.held:
            dispute.held, dispute.fee = 0, 0
            moved = [("reinstatement", dispute.amount)]
            self._save(f"{key}|funds_reinstated", dispute, now)
        self._save(key, dispute, now)
        return "succeeded", moved, dispute.amount

    def _return(self, intent: Intent, refund_key: str) -> Moved:
        """A refund that succeeded comes back: the money is with the gateway again."""
        done = self._ledger.operation(refund_key)
        if done is None or done.kind != "refund" or done.status != "succeeded" or done.intent != intent.id:
            raise Refused("refund_not_found", "There is no such refund that succeeded.")
        intent.refunded -= done.amount
        self._ledger.settle_operation(refund_key, "failed", "account_closed", "The customer's account is closed.")
        return "succeeded", [("refund_return", done.amount)], done.amount

    def _save(self, key: str, dispute: Dispute, now: float) -> None:
        """Each step is later than the one before, so that whoever hears of them in any order can tell."""
        dispute.told_at = max(now, dispute.told_at + 1e-3)
        self._ledger.save_dispute(dispute)
        self._tell(f"{key}|{dispute.status}", "dispute.updated", dispute_json(dispute))


def dispute_json(dispute: Dispute) -> dict[str, Any]:
    """A dispute as callers and notices get it."""
    return {
        "object": "dispute", "id": dispute.id, "payment_intent": dispute.intent, "reference": dispute.reference,
        "amount": dispute.amount, "currency": dispute.currency, "reason": dispute.reason, "status": dispute.status,
        "inquiry": bool(dispute.inquiry), "held": bool(dispute.held), "fee": dispute.fee, "due_at": dispute.due_at,
        "told_at": dispute.told_at, "evidence": orjson.loads(dispute.evidence) if dispute.evidence else None,
    }  # fmt: skip
