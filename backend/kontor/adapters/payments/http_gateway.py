"""A payment gateway over HTTP: payment intents with manual capture, idempotency keys, signed notices."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
from standardwebhooks import Webhook, WebhookVerificationError

from kontor.adapters.payments.wire import Connection, NoAnswer, NotReached, Reply, connect
from kontor.core.clock import utc_day
from kontor.core.errors import Conflict, Forbidden
from kontor.core.money import Money
from kontor.payments.ports import (
    Abilities,
    Declined,
    DisputeNews,
    DisputeStatus,
    Evidence,
    GatewayLine,
    GatewayPayout,
    GatewayUnavailable,
    Instruction,
    LineCategory,
    Notice,
    Operation,
    Outcome,
    OutcomeUnknown,
    Pending,
    Sought,
    Succeeded,
)

__all__ = ["DEFAULT_ABILITIES", "HttpGateway", "connect"]

_OPERATIONS = {
    "authorize": Operation.AUTHORIZE,
    "sale": Operation.AUTHORIZE,
    "capture": Operation.CAPTURE,
    "void": Operation.VOID,
    "refund": Operation.REFUND,
    "chargeback": Operation.CHARGEBACK,
}

DEFAULT_ABILITIES = Abilities(
    multi_capture=True,
    partial_refund=True,
    authorization_lifetime=timedelta(days=7),
    idempotent_keys=True,
    disputes=True,
    payouts=True,
)


class HttpGateway:
    """The gateway behind `client`. Notices are checked against any of `webhook_secrets`, two during a rotation."""

    def __init__(
        self,
        client: Connection,
        *,
        abilities: Abilities = DEFAULT_ABILITIES,
        webhook_secrets: tuple[str, ...] = (),
    ) -> None:
        self._client = client
        self._abilities = abilities
        self._webhooks = tuple(Webhook(secret) for secret in webhook_secrets)

    @property
    def abilities(self) -> Abilities:
        """As configured for this gateway account."""
        return self._abilities

    async def authorize(self, instruction: Instruction, *, method: str, capture_now: bool = False) -> Outcome:
        """Create a payment intent; its id is the authorization that later calls name."""
        body = {"payment_method": method, "capture_method": "automatic" if capture_now else "manual"}
        body |= _mandate(instruction)
        return await self._post("/v1/payment_intents", instruction, body)

    async def capture(self, instruction: Instruction, *, authorization: str, final: bool = False) -> Outcome:
        """Capture from the payment intent."""
        return await self._post(
            f"/v1/payment_intents/{authorization}/capture", instruction, {"final": final} | _mandate(instruction)
        )

    async def void(self, instruction: Instruction, *, authorization: str) -> Outcome:
        """Cancel what is left of the payment intent; the outcome's amount is what was released."""
        return await self._post(f"/v1/payment_intents/{authorization}/cancel", instruction, {})

    async def refund(self, instruction: Instruction, *, authorization: str) -> Outcome:
        """Refund from the payment intent."""
        return await self._post("/v1/refunds", instruction, {"payment_intent": authorization})

    async def find(self, idempotency_key: str, sought: Sought | None = None) -> Outcome | None:
        """Look the operation up as it stands now; None when the gateway never got it."""
        response = await self._send("GET", f"/v1/operations?idempotency_key={quote(idempotency_key, safe='')}")
        if response.status == 404:
            return None
        return _outcome_of(response)

    async def contest(self, idempotency_key: str, dispute: str, evidence: Evidence) -> DisputeNews | Declined:
        """Send texts and documents; of a document its name and fingerprint stand for its content."""
        files = {each.purpose: [each.name, hashlib.sha256(each.data).hexdigest()] for each in evidence.files}
        body = {"evidence": {"texts": dict(evidence.texts), "files": files}}
        return await self._answer(f"/v1/disputes/{dispute}/evidence", idempotency_key, dispute, body)

    async def accept(self, idempotency_key: str, dispute: str) -> DisputeNews | Declined:
        """Let the customer have the money."""
        return await self._answer(f"/v1/disputes/{dispute}/accept", idempotency_key, dispute, {})

    async def find_dispute(self, idempotency_key: str, dispute: str) -> DisputeNews | None:
        """Look up what the key did, and if it did, how the dispute stands."""
        outcome = await self.find(idempotency_key)
        return (await self._dispute(dispute)) if isinstance(outcome, Succeeded) else None

    async def _answer(self, path: str, key: str, dispute: str, body: dict[str, Any]) -> DisputeNews | Declined:
        body |= {"currency": (await self._dispute(dispute)).amount.currency}
        headers = {"idempotency-key": key, "content-type": "application/json"}
        outcome = _outcome_of(await self._send("POST", path, body=orjson.dumps(body), headers=headers))
        if isinstance(outcome, Pending):
            raise OutcomeUnknown("The payment gateway has not decided yet.")
        return outcome if isinstance(outcome, Declined) else await self._dispute(dispute)

    async def _dispute(self, dispute: str) -> DisputeNews:
        return _news(await self._read(f"/v1/disputes/{dispute}"))

    async def payouts(self, *, since: datetime) -> Sequence[GatewayPayout]:
        """Payouts since a moment, oldest first."""
        content = await self._read(f"/v1/payouts?since={since.timestamp()}")
        return [
            GatewayPayout(
                row["id"], Money(row["amount"], row["currency"]),
                utc_day(datetime.fromtimestamp(row["created_at"], UTC)), row["id"],
            )
            for row in content["data"]
        ]  # fmt: skip

    async def payout_lines(self, payout: str) -> Sequence[GatewayLine]:
        """What a payout settled."""
        content = await self._read(f"/v1/payouts/{payout}/lines")
        return [
            GatewayLine(
                row["id"], LineCategory(row["category"]), Money(row["amount"], row["currency"]),
                Money(row["fee"], row["currency"]), datetime.fromtimestamp(row["at"], UTC), source=row["source"],
                authorization=row["payment_intent"],
            )
            for row in content["data"]
        ]  # fmt: skip

    async def _read(self, path: str) -> Mapping[str, Any]:
        reply = await self._send("GET", path)
        if reply.status != 200:
            raise GatewayUnavailable("The payment gateway does not tell.", retry_after=None, status=reply.status)
        content: Mapping[str, Any] = orjson.loads(reply.body)
        return content

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """Check the signature and the age (five minutes at most), then read; `Forbidden` if either fails."""
        if not any(_genuine(webhook, headers, body) for webhook in self._webhooks):
            raise Forbidden("The signature of the notice is not valid.", code="PAYMENT_NOTICE_NOT_GENUINE")
        content = orjson.loads(body)
        data = content.get("data") or {}
        if content.get("type") == "dispute.updated":
            return _dispute_notice(content["id"], data)
        operation = _OPERATIONS.get(data.get("kind", ""))
        if content.get("type") != "operation.settled" or operation is None:
            return None
        own = operation is not Operation.CHARGEBACK
        return Notice(
            id=content["id"],
            operation=operation,
            payment_reference=data["reference"],
            idempotency_key=data["idempotency_key"] if own else None,
            outcome=_outcome(data),
        )

    async def _post(self, path: str, instruction: Instruction, body: dict[str, Any]) -> Outcome:
        body |= {
            "amount": instruction.amount.amount,
            "currency": instruction.amount.currency,
            "reference": instruction.payment_reference,
        }
        headers = {"idempotency-key": instruction.idempotency_key, "content-type": "application/json"}
        return _outcome_of(await self._send("POST", path, body=orjson.dumps(body), headers=headers))

    async def _send(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        try:
            return await self._client.call(method, path, body=body, headers=headers)
        except NotReached as exception:
            raise GatewayUnavailable("The payment gateway cannot be reached.", retry_after=None) from exception
        except NoAnswer as exception:
            # The request may have arrived, whatever broke: only the gateway knows.
            raise OutcomeUnknown("The payment gateway did not answer.") from exception


def _dispute_notice(notice_id: str, data: Mapping[str, Any]) -> Notice:
    news = _news(data)
    return Notice(
        notice_id, Operation.CHARGEBACK, data["reference"], None, Succeeded(news.reference, news.amount),
        authorization=data["payment_intent"], dispute=news,
    )  # fmt: skip


def _news(data: Mapping[str, Any]) -> DisputeNews:
    status, currency = DisputeStatus(data["status"].upper()), data["currency"]
    return DisputeNews(
        reference=data["id"], status=status, amount=Money(data["amount"], currency), taken=data["held"],
        told_at=datetime.fromtimestamp(data["told_at"], UTC), reason=data["reason"],
        due_at=datetime.fromtimestamp(data["due_at"], UTC), inquiry=data["inquiry"],
        returned=status is DisputeStatus.WON and not data["inquiry"], fee=Money(data["fee"], currency),
    )  # fmt: skip


def _mandate(instruction: Instruction) -> dict[str, Any]:
    debit = instruction.debit
    if debit is None:
        return {}
    told = {
        "creditor": debit.creditor_id, "reference": debit.mandate, "signed_on": debit.signed_on.isoformat(),
        "scheme": debit.kind, "name": debit.name, "iban": debit.iban, "sequence_type": debit.sequence_type,
        "collect_on": debit.collect_on.isoformat() if debit.collect_on else None,
    }  # fmt: skip
    return {"mandate": told}


def _outcome_of(response: Reply) -> Outcome:
    """Translate an answer. 5xx means nothing certain: the gateway may have failed after doing."""
    status = response.status
    if status == 429:
        raise GatewayUnavailable("The payment gateway limits our rate.", retry_after=_retry_after(response))
    if status in (401, 403):
        raise GatewayUnavailable(
            "The payment gateway refuses our credentials.", code="PAYMENT_GATEWAY_CREDENTIALS", retry_after=None
        )
    try:
        content = orjson.loads(response.body)
    except orjson.JSONDecodeError as exception:
        raise OutcomeUnknown("The payment gateway's answer cannot be read.", status=status) from exception
    if status in (200, 201, 402) and content.get("object") == "operation":
        return _outcome(content)
    error = content.get("error") or {}
    code, message = error.get("code", f"http_{status}"), error.get("message", "")
    if code == "idempotency_key_reused":
        raise Conflict("The idempotency key was used for another instruction.", code="IDEMPOTENCY_KEY_REUSED")
    if 400 <= status < 500 and code != "operation_in_progress":
        return Declined(code, message)
    raise OutcomeUnknown("The payment gateway did not say what became of it.", status=status, gateway_code=code)


def _outcome(operation: dict[str, Any]) -> Outcome:
    """An operation as an outcome. What is authorized is later named by its intent, everything else by itself."""
    intent = operation["payment_intent"] or {}
    opens = operation["kind"] in ("authorize", "sale")
    reference = intent["id"] if opens else operation["id"]
    if operation["status"] == "pending":
        return Pending(reference)
    if operation["status"] == "failed":
        return Declined(operation["error"]["code"], operation["error"]["message"])
    expires_at = intent.get("expires_at") if operation["kind"] == "authorize" else None
    return Succeeded(
        reference,
        Money(operation["amount"], operation["currency"]),
        datetime.fromtimestamp(expires_at, UTC) if expires_at is not None else None,
    )


def _retry_after(response: Reply) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None


def _genuine(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # the library raises ValueError for garbled signatures
        return False
    return True
