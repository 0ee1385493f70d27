"""Notices of payment gateways: checked, kept once, answered at once; a job follows them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor.core.errors import Forbidden, KontorError, NotFound, Unavailable
from kontor.core.inbox import store_message
from kontor.core.jobs import Runtime
from kontor.core.outbox import schedule
from kontor.payments.ports import Declined, Notice, PaymentGateway, Pending, Succeeded


async def receive(request: Request) -> Response:
    """Take a notice of the default gateway or the one named in the path."""
    runtime: Runtime = request.app.state.runtime
    name = request.path_params.get("gateway", "")
    try:
        gateway = runtime.ports.get(PaymentGateway, name)  # type: ignore[type-abstract]
        notice = gateway.read_notice(dict(request.headers), await request.body())
    except Unavailable:
        return _refused(NotFound("There is no such gateway."), 404)
    except Forbidden as problem:
        return _refused(problem, 403)
    except (KeyError, TypeError, ValueError, AttributeError):  # genuine, but not as its author promised
        return _refused(KontorError("The notice cannot be read.", code="PAYMENT_NOTICE_UNREADABLE"), 400)
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
    return {
        "operation": notice.operation.value,
        "payment_reference": notice.payment_reference,
        "key": notice.idempotency_key,
        **told,
    }


def _refused(problem: KontorError, status: int) -> Response:
    return JSONResponse({"errors": [{"code": problem.code, "message": problem.message, "path": []}]}, status)


routes: list[Route] = [
    Route("/webhooks/payments", receive, methods=["POST"]),
    Route("/webhooks/payments/{gateway}", receive, methods=["POST"]),
]
