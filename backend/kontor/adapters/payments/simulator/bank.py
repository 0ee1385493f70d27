"""What the gateway does with money: one operation per idempotency key, its answer stored with it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from kontor.adapters.payments.simulator import claims
from kontor.adapters.payments.simulator.faults import Dice, Faults
from kontor.adapters.payments.simulator.ledger import Intent, Ledger, Performed
from kontor.adapters.payments.simulator.refusals import Refused
from kontor.adapters.payments.simulator.tokens import DECLINES, TOKENS, UNKNOWN_METHOD, Behavior, Refusal


@dataclass(frozen=True, slots=True)
class Terms:
    """What the gateway grants; durations in seconds. A capture costs a part of it and a fixed fee in minor units."""

    multi_capture: bool = True
    partial_refund: bool = True
    authorization_lifetime: float = 7 * 24 * 3600.0
    pending_delay: float = 1.0
    slow_delay: float = 3.0
    late_notice_delay: float = 2.0
    notify_everything: bool = False
    fee_rate: float = 0.014
    fee_fixed: int = 25
    dispute_fee: int = 1500


@dataclass(frozen=True, slots=True)
class Order:
    """One call, checked for form. `kind` is authorize, sale (both at once), capture, void, refund, chargeback, or what
    is done about disputes (`claims.KINDS`): there `intent` may name the dispute, and `method` says how."""

    kind: str
    key: str
    amount: int
    currency: str
    reference: str
    method: str = ""
    intent: str = ""
    final: bool = False

    @property
    def fingerprint(self) -> bytes:
        """Equal for equal instructions, however their JSON was written."""
        parts = (self.kind, self.amount, self.currency, self.reference, self.method, self.intent, self.final)
        return blake2b(repr(parts).encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON; `fresh` when it was done now and not read from the books."""

    status: int
    body: bytes
    fresh: bool = False


class Bank:
    """The gateway's business: moves intents, writes the books, remembers every answer by its key."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        terms: Terms,
        faults: Faults,
        dice: Dice,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._terms = terms
        self._faults = faults
        self._dice = dice
        self._clock = clock
        self._claims = claims.Claims(ledger, fee=terms.dispute_fee, tell=self._queue)

    def perform(self, order: Order) -> Answer:
        """Do it once. The same key gets the same answer, the same key with another instruction a conflict."""
        with self._ledger.transaction():
            known = self._ledger.operation(order.key)
            if known is None:
                return self._first_time(order)
        if known.fingerprint != order.fingerprint:
            return error(409, "idempotency_key_reused", "This key was used for another instruction.")
        return Answer(known.http_status, known.answer)

    def current(self, key: str) -> dict[str, Any] | None:
        """The operation under a key as it stands now, pending ones settled when their time has come."""
        done = self._ledger.operation(key)
        if done is None:
            return None
        if done.due_at is not None and done.due_at <= self._clock():
            self.settle_due()
            done = self._ledger.operation(key) or done
        return self._rendered(done)

    def intent(self, intent_id: str) -> dict[str, Any] | None:
        """A payment intent as it stands now."""
        intent = self._ledger.intent(intent_id)
        return _intent_json(intent) if intent else None

    def settle_due(self) -> int:
        """Give pending operations their result; returns how many."""
        now = self._clock()
        if not self._ledger.due_operations(now):
            return 0
        with self._ledger.transaction():
            due = self._ledger.due_operations(now)
            for done in due:
                self._settle(done, now)
        return len(due)

    def _first_time(self, order: Order) -> Answer:
        now = self._clock()
        refusal: Refusal | None = None
        moved: list[tuple[str, int]] = []
        status, amount = "failed", order.amount
        intent = self._open(order, now) if order.kind in ("authorize", "sale") else None
        try:
            intent = intent or self._existing(order)
            status, moved, amount = self._execute(order, intent, now)
        except Refused as exception:
            refusal = exception.refusal
            if order.kind in ("authorize", "sale") and intent:
                intent.status = "failed"
        done = self._performed(order, intent, status=status, amount=amount, refusal=refusal, now=now)
        if intent:
            self._ledger.save_intent(intent)
        self._ledger.add_operation(done)
        for kind, moved_amount in moved:
            self._enter(done, kind, moved_amount, now, about=order)
        if order.kind == "refund_return" and refusal is None:
            self._notify(self._ledger.operation(order.method) or done, now)
        if self._terms.notify_everything or order.kind == "chargeback":
            self._notify(done, now)
        return Answer(done.http_status, done.answer, fresh=True)

    def _open(self, order: Order, now: float) -> Intent:
        lifetime = _behavior(order.method).lifetime
        expires_at = now + (self._terms.authorization_lifetime if lifetime is None else lifetime)
        return Intent(
            id=_identifier("pi", order.key),
            reference=order.reference,
            method=order.method,
            amount=order.amount,
            currency=order.currency,
            status="processing",
            authorized=0,
            captured=0,
            refunded=0,
            expires_at=expires_at,
            created_at=now,
        )

    def _enter(self, done: Performed, kind: str, amount: int, now: float, *, about: Order | None = None) -> None:
        """Write down what moved, who moved it, and what the gateway keeps for it."""
        fee, source = 0, ""
        if kind == "capture":
            fee = round(amount * self._terms.fee_rate) + self._terms.fee_fixed
        elif about is not None and about.kind in claims.KINDS:
            fee = {"chargeback": self._terms.dispute_fee, "reinstatement": -self._terms.dispute_fee}.get(kind, 0)
            refund = self._ledger.operation(about.method) if kind == "refund_return" else None
            source = refund.id if refund else _dispute_of(about)
        self._ledger.add_entry(done, kind, amount, now, source=source, fee=fee)

    def dispute(self, dispute_id: str) -> dict[str, Any] | None:
        """A dispute as it now stands."""
        dispute = self._ledger.dispute(dispute_id)
        return claims.dispute_json(dispute) if dispute else None

    def _existing(self, order: Order) -> Intent:
        dispute = self._ledger.dispute(order.intent)
        intent = self._ledger.intent(dispute.intent if dispute else order.intent)
        if intent is None:
            raise Refused("payment_intent_not_found", "There is no such payment intent.")
        if intent.currency != order.currency:
            raise Refused("currency_mismatch", f"The payment intent is in {intent.currency}.")
        return intent

    def _execute(self, order: Order, intent: Intent, now: float) -> tuple[str, list[tuple[str, int]], int]:
        """The operation's status, what moved, and the amount it came to."""
        if order.kind in ("authorize", "sale"):
            return self._authorize(order, intent)
        if order.kind == "capture":
            return self._capture(order, intent, now)
        if order.kind == "void":
            return self._void(intent)
        if order.kind == "refund":
            return self._refund(order, intent)
        if order.kind in claims.KINDS:
            claim = claims.Claim(order.kind, order.key, _dispute_of(order), order.amount, order.method, order.final)
            return self._claims.perform(claim, intent, now)
        return "succeeded", [("chargeback", order.amount)], order.amount

    def _authorize(self, order: Order, intent: Intent) -> tuple[str, list[tuple[str, int]], int]:
        if intent.method not in TOKENS:
            raise Refused(UNKNOWN_METHOD.code, UNKNOWN_METHOD.message)
        if _behavior(intent.method).pending or self._dice.falls(self._faults.pending, "pending", order.key):
            return "pending", [], order.amount
        refusal = self._declined(order.key, intent)
        if refusal:
            raise Refused(refusal.code, refusal.message)
        return "succeeded", _grant(order.kind, intent), order.amount

    def _declined(self, key: str, intent: Intent) -> Refusal | None:
        if self._dice.falls(self._faults.declined, "declined", key):
            return DECLINES[int(self._dice.draw("decline_code", key) * len(DECLINES))]
        return _behavior(intent.method).declined

    def _capture(self, order: Order, intent: Intent, now: float) -> tuple[str, list[tuple[str, int]], int]:
        if intent.status != "requires_capture":
            raise Refused("not_capturable", f"The payment intent is {intent.status}.")
        if intent.expires_at is not None and intent.expires_at <= now:
            raise Refused("authorization_expired", "The authorization has lapsed.")
        if order.amount > intent.capturable:
            raise Refused("amount_too_large", f"At most {intent.capturable} can be captured.")
        refusal = _behavior(intent.method).capture_declined
        if refusal:
            raise Refused(refusal.code, refusal.message)
        intent.captured += order.amount
        if order.final or not self._terms.multi_capture:
            intent.authorized = intent.captured
        if not intent.capturable:
            intent.status = "succeeded"
        return "succeeded", [("capture", order.amount)], order.amount

    def _void(self, intent: Intent) -> tuple[str, list[tuple[str, int]], int]:
        if intent.status == "processing":
            raise Refused("not_voidable", "The payment intent is still being processed.")
        released = intent.capturable
        intent.authorized = intent.captured
        if intent.status == "requires_capture":
            intent.status = "succeeded" if intent.captured else "canceled"
        return "succeeded", [("void", released)] if released else [], released

    def _refund(self, order: Order, intent: Intent) -> tuple[str, list[tuple[str, int]], int]:
        refundable = intent.captured - intent.refunded
        if order.amount > refundable:
            raise Refused("amount_too_large", f"At most {refundable} can be refunded.")
        if not self._terms.partial_refund and order.amount != intent.captured:
            raise Refused("partial_refund_unsupported", f"Only all of {intent.captured} can be refunded.")
        behavior = _behavior(intent.method)
        if behavior.refund_declined:
            raise Refused(behavior.refund_declined.code, behavior.refund_declined.message)
        # Taken off at once even when pending, so that two pending refunds never exceed the capture.
        intent.refunded += order.amount
        if behavior.refund_pending:
            return "pending", [], order.amount
        return "succeeded", [("refund", order.amount)], order.amount

    def _settle(self, done: Performed, now: float) -> None:
        intent = self._ledger.intent(done.intent)
        if intent is None:
            raise LookupError(f"operation {done.id} without its intent")
        refusal = self._declined(done.key, intent) if done.kind in ("authorize", "sale") else None
        if refusal:
            intent.status = "failed"
            moved = []
        else:
            moved = [("refund", done.amount)] if done.kind == "refund" else _grant(done.kind, intent)
        done.status = "failed" if refusal else "succeeded"
        done.code, done.message = (refusal.code, refusal.message) if refusal else (None, None)
        self._ledger.save_intent(intent)
        self._ledger.settle_operation(done.key, done.status, done.code, done.message)
        for kind, amount in moved:
            self._enter(done, kind, amount, now)
        self._notify(done, now)

    def _performed(
        self, order: Order, intent: Intent | None, *, status: str, amount: int, refusal: Refusal | None, now: float
    ) -> Performed:
        done = Performed(
            key=order.key,
            id=_identifier("op", order.key),
            intent=intent.id if intent else order.intent,
            kind=order.kind,
            amount=amount,
            currency=order.currency,
            reference=order.reference or (intent.reference if intent else ""),
            status=status,
            code=refusal.code if refusal else None,
            message=refusal.message if refusal else None,
            fingerprint=order.fingerprint,
            http_status=402 if refusal else 200,
            answer=b"",
            due_at=now + self._terms.pending_delay if status == "pending" else None,
            created_at=now,
        )
        done.answer = orjson.dumps(_operation_json(done, intent))
        return done

    def _notify(self, done: Performed, now: float) -> None:
        self._queue(f"{done.key}|{done.status}", "operation.settled", self._rendered(done), now=now)

    def _queue(self, seed: str, kind: str, data: dict[str, Any], *, now: float | None = None) -> None:
        """Queue a notice, some late and some twice; the same seed always gives the same id."""
        notice_id = _identifier("evt", seed)
        body = orjson.dumps({"type": kind, "id": notice_id, "data": data})
        late = self._dice.falls(self._faults.late_notice, "late_notice", seed)
        due_at = (self._clock() if now is None else now) + (self._terms.late_notice_delay if late else 0.0)
        copies = 2 if self._dice.falls(self._faults.duplicate_notice, "duplicate_notice", seed) else 1
        for _ in range(copies):
            self._ledger.add_notice(notice_id, body, due_at)

    def _rendered(self, done: Performed) -> dict[str, Any]:
        return _operation_json(done, self._ledger.intent(done.intent))


def _dispute_of(order: Order) -> str:
    """The dispute that a call is about: the one it names, or the one it opens."""
    return _identifier("dp", order.key) if order.kind == "dispute" else order.intent


def error(status: int, code: str, message: str) -> Answer:
    """An answer that is not stored: nothing was done."""
    return Answer(status, orjson.dumps({"error": {"code": code, "message": message}}))


def _behavior(method: str) -> Behavior:
    return TOKENS.get(method) or Behavior()


def behavior_of(ledger: Ledger, order: Order) -> Behavior:
    """How the method of this call, or of the payment it continues, behaves."""
    if order.method:
        return _behavior(order.method)
    intent = ledger.intent(order.intent)
    return _behavior(intent.method if intent else "")


def _grant(kind: str, intent: Intent) -> list[tuple[str, int]]:
    intent.authorized = intent.amount
    intent.status = "requires_capture"
    if kind == "authorize":
        return [("authorize", intent.amount)]
    intent.captured = intent.amount
    intent.status = "succeeded"
    return [("authorize", intent.amount), ("capture", intent.amount)]


def _identifier(prefix: str, key: str) -> str:
    return f"{prefix}_{blake2b(key.encode(), digest_size=12, person=prefix.encode()).hexdigest()}"


def _operation_json(done: Performed, intent: Intent | None) -> dict[str, Any]:
    return {
        "object": "operation",
        "id": done.id,
        "kind": done.kind,
        "status": done.status,
        "amount": done.amount,
        "currency": done.currency,
        "reference": done.reference,
        "idempotency_key": done.key,
        "error": {"code": done.code, "message": done.message} if done.code else None,
        "payment_intent": _intent_json(intent) if intent else None,
    }


def _intent_json(intent: Intent) -> dict[str, Any]:
    return {
        "object": "payment_intent",
        "id": intent.id,
        "status": intent.status,
        "reference": intent.reference,
        "amount": intent.amount,
        "amount_capturable": intent.capturable,
        "amount_captured": intent.captured,
        "amount_refunded": intent.refunded,
        "currency": intent.currency,
        "expires_at": intent.expires_at,
    }
