"""The port of payments over Stripe's API: what Kontor asks for, as PaymentIntents and Refunds.

Source: the API reference at docs.stripe.com/api and its OpenAPI description (github.com/stripe/openapi), version
`API_VERSION`. Every object Kontor makes or takes over bears `kontor_payment` in its metadata, and what was asked by
which key, so that an outcome can be found again when Stripe has forgotten the key (it keeps keys for a day).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from kontor.adapters.payments.stripe.amounts import NotChargeable, from_stripe, to_stripe
from kontor.adapters.payments.stripe.calls import Answer, Calls, Parameters
from kontor.adapters.payments.stripe.disputes import Disputes
from kontor.adapters.payments.stripe.payouts import Payouts
from kontor.adapters.payments.stripe.reading import KEY, PAYMENT, notice, promise, refunded
from kontor.adapters.payments.stripe.signing import is_genuine
from kontor.adapters.payments.wire import Connection
from kontor.core.errors import Conflict, Forbidden
from kontor.core.money import Money
from kontor.payments.ports import (
    Abilities,
    Declined,
    DisputeNews,
    Evidence,
    GatewayLine,
    GatewayPayout,
    Instruction,
    Notice,
    Operation,
    Outcome,
    Sought,
    Succeeded,
)

API_URL = "https://api.stripe.com"
API_VERSION = "2025-09-30.clover"
INTENTS = "/v1/payment_intents"
SEARCHABLE_AFTER = timedelta(minutes=10)
"""Stripe's search lags behind by a minute or so. Until then a call is simply sent again under its key."""
_MULTICAPTURE = "payment_method_options[card][request_multicapture]"
_CANCEL: Parameters = [("cancellation_reason", "abandoned")]
_RELEASE: Parameters = [("amount_to_capture", 0), ("final_capture", True)]
_CHARGE = ("expand[]", "latest_charge")


class StripeGateway:
    """An account at Stripe. Events are checked against any of `webhook_secrets`, two while one replaces the other.

    A payment's method is `pm_…`, or `cus_…/pm_…` for one that is kept with a customer and may be charged again, or
    `pi_…` for a PaymentIntent the checkout has confirmed already, which is taken over. Ask for `multi_capture` only
    where the account has it; a card may refuse it even so, which each promise tells.
    """

    def __init__(
        self,
        client: Connection,
        *,
        webhook_secrets: tuple[str, ...] = (),
        multi_capture: bool = False,
        api_version: str = API_VERSION,
        clock: Callable[[], float] = time.time,
        files: Connection | None = None,
    ) -> None:
        self._client, self._files = client, files or client
        self._calls = Calls(client, version=api_version)
        self._disputes = Disputes(self._calls, self._files, version=api_version, clock=clock)
        self._payouts = Payouts(self._calls)
        self._secrets = webhook_secrets
        self._multi_capture = multi_capture
        self._clock = clock

    @property
    def abilities(self) -> Abilities:
        """A promise that says nothing of its own is taken in one capture."""
        return Abilities(
            multi_capture=False,
            partial_refund=True,
            authorization_lifetime=timedelta(days=7),
            idempotent_keys=True,
            disputes=True,
            payouts=True,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        if self._files is not self._client:
            await self._files.aclose()

    async def authorize(self, instruction: Instruction, *, method: str, capture_now: bool = False) -> Outcome:
        """Create and confirm a PaymentIntent, or take over the one that is named.

        The customer is not there to confirm: a bank that insists on it declines (`authentication_required`).
        """
        try:
            amount = to_stripe(instruction.amount)
        except NotChargeable as problem:
            return Declined(problem.code.lower(), problem.message)
        if method.startswith("pi_"):
            return await self._take_over(instruction, method, capture_now=capture_now)
        customer, _, payment_method = method.rpartition("/")
        parameters: list[tuple[str, object]] = [
            ("amount", amount),
            ("currency", instruction.amount.currency.lower()),
            ("payment_method", payment_method),
            ("capture_method", "automatic" if capture_now else "manual"),
            ("confirm", True),
            ("off_session", True),
            ("automatic_payment_methods[enabled]", True),
            ("automatic_payment_methods[allow_redirects]", "never"),
            *_metadata({PAYMENT: instruction.payment_reference, KEY: instruction.idempotency_key}),
            _CHARGE,
        ]
        if customer:
            parameters.append(("customer", customer))
        if self._multi_capture and not capture_now:
            parameters.append((_MULTICAPTURE, "if_available"))
        answer = await self._calls.post(INTENTS, parameters, key=instruction.idempotency_key)
        if answer.replayed and not answer.refused:
            answer = await self._intent(answer.content["id"])
        return answer.refused or promise(answer.content)

    async def capture(self, instruction: Instruction, *, authorization: str, final: bool = False) -> Outcome:
        """Capture a part. Unless `final`, the rest stays promised, which only a promise with multi-capture allows."""
        parameters: list[tuple[str, object]] = [
            ("amount_to_capture", to_stripe(instruction.amount)),
            *_metadata({tag(instruction.idempotency_key): "capture"}),
        ]
        if not final:
            parameters.append(("final_capture", False))
        answer = await self._calls.post(
            f"{INTENTS}/{authorization}/capture", parameters, key=instruction.idempotency_key
        )
        return answer.refused or _captured(answer.content, instruction.amount)

    async def void(self, instruction: Instruction, *, authorization: str) -> Outcome:
        """Cancel the PaymentIntent; once a part was captured, release the rest by a last capture of nothing."""
        answer = await self._intent(authorization)
        intent = answer.content
        if answer.refused:
            return answer.refused
        if intent["status"] in ("canceled", "succeeded"):
            return Succeeded(authorization, Money(0, instruction.amount.currency))
        released = from_stripe(intent["amount_capturable"], intent["currency"])
        path, parameters = f"{INTENTS}/{authorization}/cancel", _CANCEL
        if intent["status"] == "requires_capture" and intent["amount_received"]:
            path, parameters = f"{INTENTS}/{authorization}/capture", _RELEASE
        answer = await self._calls.post(path, parameters, key=instruction.idempotency_key)
        return answer.refused or Succeeded(authorization, released)

    async def refund(self, instruction: Instruction, *, authorization: str) -> Outcome:
        """Refund out of what was captured of the PaymentIntent."""
        parameters: list[tuple[str, object]] = [
            ("payment_intent", authorization),
            ("amount", to_stripe(instruction.amount)),
            *_metadata({PAYMENT: instruction.payment_reference, KEY: instruction.idempotency_key}),
        ]
        answer = await self._calls.post("/v1/refunds", parameters, key=instruction.idempotency_key)
        if answer.replayed and not answer.refused:
            answer = await self._calls.get(f"/v1/refunds/{answer.content['id']}")
        return answer.refused or refunded(answer.content)

    async def find(self, idempotency_key: str, sought: Sought | None = None) -> Outcome | None:
        """Look at the objects for what the key has left on them; None means that the call can safely be sent again.

        That holds within a day, when the key itself answers, and later, when the objects are complete for sure.
        """
        if sought is None:
            return await self._search(idempotency_key)
        if sought.operation is Operation.AUTHORIZE:
            old = self._clock() - sought.asked_at.timestamp() >= SEARCHABLE_AFTER.total_seconds()
            return await self._search(idempotency_key) if old else None
        if sought.operation is Operation.REFUND:
            return await self._listed_refund(idempotency_key, sought.authorization)
        if sought.operation is not Operation.CAPTURE:
            return None  # voiding looks first anyway
        answer = await self._intent(sought.authorization)
        if answer.refused or tag(idempotency_key) not in answer.content["metadata"]:
            return None
        return _captured(answer.content, from_stripe(0, answer.content["currency"]))

    async def contest(self, idempotency_key: str, dispute: str, evidence: Evidence) -> DisputeNews | Declined:
        """Submit evidence; the bank gets it once."""
        return await self._disputes.contest(idempotency_key, dispute, evidence)

    async def accept(self, idempotency_key: str, dispute: str) -> DisputeNews | Declined:
        """Close the dispute as lost."""
        return await self._disputes.accept(idempotency_key, dispute)

    async def find_dispute(self, idempotency_key: str, dispute: str) -> DisputeNews | None:
        """How the dispute stands if the key has been at work on it."""
        return await self._disputes.find(idempotency_key, dispute)

    async def payouts(self, *, since: datetime) -> Sequence[GatewayPayout]:
        """Automatic payouts since a moment, oldest first."""
        return await self._payouts.sent(since)

    async def payout_lines(self, payout: str) -> Sequence[GatewayLine]:
        """The balance transactions of a payout."""
        return await self._payouts.lines(payout)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """Check the signature and the age (five minutes at most), then read; `Forbidden` if either fails."""
        signature = headers.get("stripe-signature", "")
        if not is_genuine(signature, body, self._secrets, now=self._clock()):
            raise Forbidden("The signature of the notice is not valid.", code="PAYMENT_NOTICE_NOT_GENUINE")
        return notice(orjson.loads(body))

    async def _take_over(self, instruction: Instruction, intent_id: str, *, capture_now: bool) -> Outcome:
        """A PaymentIntent of the checkout becomes this payment's, once; what its customer has yet to do is awaited."""
        answer = await self._intent(intent_id)
        intent, ours = answer.content, instruction.payment_reference
        if answer.refused:
            return answer.refused
        owner = intent["metadata"].get(PAYMENT)
        if owner not in (None, ours):
            return Declined("payment_intent_in_use", "The PaymentIntent pays for something else.")
        if intent["status"] == "canceled" and owner and intent.get("customer") and intent.get("payment_method"):
            again = f"{intent['customer']}/{intent['payment_method']}"
            return await self.authorize(instruction, method=again, capture_now=capture_now)
        if intent["status"] not in ("requires_capture", "succeeded"):
            return promise(intent)
        if problem := _unfit(intent, instruction.amount, capture_now=capture_now):
            return problem
        claimed = await self._claim(intent_id, ours)
        if claimed.refused or not (capture_now and intent["status"] == "requires_capture"):
            return claimed.refused or promise(claimed.content)
        outcome = await self.capture(instruction, authorization=intent_id, final=True)
        return Succeeded(intent_id, outcome.amount) if isinstance(outcome, Succeeded) else outcome

    async def _claim(self, intent_id: str, reference: str) -> Answer:
        """One key for everybody who wants this PaymentIntent: the second one with another reference is refused."""
        try:
            return await self._calls.post(
                f"{INTENTS}/{intent_id}", [*_metadata({PAYMENT: reference}), _CHARGE], key=f"claim/{intent_id}"
            )
        except Conflict:
            taken = Declined("payment_intent_in_use", "The PaymentIntent pays for something else.")
            return Answer({}, refused=taken)

    async def _intent(self, intent_id: str) -> Answer:
        return await self._calls.get(f"{INTENTS}/{intent_id}", [_CHARGE])

    async def _search(self, key: str) -> Outcome | None:
        answer = await self._calls.get(f"{INTENTS}/search", [("query", f'metadata["{KEY}"]:"{key}"')])
        if answer.refused or not answer.content["data"]:
            return None
        found = await self._intent(answer.content["data"][0]["id"])  # the index may lag behind the object
        return None if found.refused else promise(found.content)

    async def _listed_refund(self, key: str, intent_id: str) -> Outcome | None:
        after: list[tuple[str, object]] = []
        while True:
            answer = await self._calls.get("/v1/refunds", [("payment_intent", intent_id), ("limit", 100), *after])
            if answer.refused:
                return None
            rows: list[dict[str, Any]] = answer.content["data"]
            for row in rows:
                if row["metadata"].get(KEY) == key:
                    return refunded(row)
            if not rows or not answer.content["has_more"]:
                return None
            after = [("starting_after", rows[-1]["id"])]


def tag(key: str) -> str:
    """The name a key has in metadata, where names end at 40 characters."""
    return key if len(key) <= 40 else blake2b(key.encode(), digest_size=16).hexdigest()


def _metadata(values: Mapping[str, str]) -> list[tuple[str, object]]:
    return [(f"metadata[{name}]", value) for name, value in values.items()]


def _captured(intent: Mapping[str, Any], amount: Money) -> Succeeded:
    charge = intent["latest_charge"]
    return Succeeded(charge["id"] if isinstance(charge, dict) else charge, amount)


def _unfit(intent: Mapping[str, Any], wanted: Money, *, capture_now: bool) -> Declined | None:
    held = intent["status"] == "requires_capture"
    there = from_stripe(intent["amount_capturable"] if held else intent["amount_received"], intent["currency"])
    if there.currency != wanted.currency or there.amount < wanted.amount or (not held and there != wanted):
        return Declined("amount_mismatch", f"The PaymentIntent holds {there.amount} {there.currency}.")
    if not held and not capture_now:
        return Declined("payment_intent_captured", "The PaymentIntent is captured already, against the channel's rule.")
    return None
