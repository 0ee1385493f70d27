"""Figures of a partner as a file, of the same numbers as its page."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kontor.api.http.refusals import refusal
from kontor.auth.permissions import Permission
from kontor.core.errors import Forbidden, KontorError, NotFound
from kontor.core.ids import is_uuid
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind
from kontor.dropship.performance import WEEKS, as_csv, partner_performance
from kontor.partners.errors import PartnerNotFound


async def download(request: Request) -> Response:
    """The figures of a partner's last weeks as CSV; `weeks` says how many."""
    runtime: Runtime = request.app.state.runtime
    principal: Principal = request.state.principal
    try:
        if principal.kind is PrincipalKind.ANONYMOUS:
            raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
        principal.require(Permission.PARTNERS_READ)
        partner_id, weeks = request.path_params["partner_id"], request.query_params.get("weeks", str(WEEKS))
        if not is_uuid(partner_id):
            raise PartnerNotFound("There is no such partner.", path=("partnerId",))
        async with runtime.database.read_only(principal) as db:
            found = await partner_performance(db, UUID(partner_id), weeks=int(weeks) if weeks.isdecimal() else 0)
    except KontorError as problem:
        return refusal(problem, _status_of(problem, principal), request.headers)
    headers = {
        "content-disposition": 'attachment; filename="performance.csv"',
        "cache-control": "private, no-store",
    }
    return Response(as_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


def _status_of(problem: KontorError, principal: Principal) -> int:
    if isinstance(problem, Forbidden):
        return 401 if principal.kind is PrincipalKind.ANONYMOUS else 403
    return 404 if isinstance(problem, NotFound) else 400


routes: list[Route] = [Route("/files/partners/{partner_id}/performance.csv", download, methods=["GET"])]
