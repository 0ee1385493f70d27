"""Notices of payment gateways: checked, kept once, answered at once; a job follows them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kontor.api.http.refusals import refusal
from kontor.core.errors import Forbidden, KontorError, NotFound, Unavailable
from kontor.core.inbox import store_message
from kontor.core.jobs import Runtime
from kontor.core.outbox import schedule
from kontor.payments.disputing import news_kept
from kontor.payments.ports import Declined, Notice, PaymentGateway, Pending, Succeeded


async def receive(request: Request) -> Response:
    """Take a notice of the default gateway or the one named in the path."""
    runtime: Runtime = request.app.state.runtime
    name = request.path_params.get("gateway", "")
    try:
        gateway = runtime.ports.get(PaymentGateway, name)  # type: ignore[type-abstract]
        notice = gateway.read_notice(dict(request.headers), await request.body())
    except Unavailable:
        return refusal(NotFound("There is no such gateway."), 404, request.headers)
    except Forbidden as problem:
        return refusal(problem, 403, request.headers)
    except (KeyError, TypeError, ValueError, AttributeError):  # genuine, but not as its author promised
        unreadable = KontorError("The notice cannot be read.", code="PAYMENT_NOTICE_UNREADABLE")
        return refusal(unreadable, 400, request.headers)
    if notice is not None:
        await _keep(runtime, f"gateway/{name}"[:60], notice)
    return Response(status_code=204)


async def _keep(runtime: Runtime, source: str, notice: Notice) -> None:
    external_id = notice.id[:100]
    async with runtime.database.unit_of_work() as db:
        if await store_message(db, source, external_id, _plain(notice)):
            schedule(db, "payments.notice", {"source": source, "external_id": external_id})


def _plain(notice: Notice) -> dict[str, Any]:
    outcome = notice.outcome
    told: dict[str, Any] = {"result": type(outcome).__name__, "amount": None, "currency": None}
    if isinstance(outcome, Succeeded):
        told |= {"amount": outcome.amount.amount, "currency": outcome.amount.currency}
    if isinstance(outcome, Declined):
        told |= {"code": outcome.code, "message": outcome.message}
    if isinstance(outcome, (Succeeded, Pending)):
        told |= {"reference": outcome.reference}
    if notice.dispute is not None:
        told |= {"dispute": news_kept(notice.dispute)}
    return {
        "operation": notice.operation.value,
        "authorization": notice.authorization,
        "payment_reference": notice.payment_reference,
        "key": notice.idempotency_key,
        **told,
    }


routes: list[Route] = [
    Route("/webhooks/payments", receive, methods=["POST"]),
    Route("/webhooks/payments/{gateway}", receive, methods=["POST"]),
]
