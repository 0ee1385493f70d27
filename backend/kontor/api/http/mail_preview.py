"""A draft of a message as a mail program shows it: for the frame beside the editor, in a cage that does nothing.

Pages may neither turn text into markup nor style it in place, so the frame gets its mail from here, by a form that is
sent into it.
"""

from __future__ import annotations

from urllib.parse import parse_qsl
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from kontor.api.http.refusals import refusal
from kontor.auth.permissions import Permission
from kontor.core.errors import Forbidden, InvalidInput, KontorError, NotFound
from kontor.core.ids import is_uuid
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind
from kontor.notifications.own_words import TemplateDraft
from kontor.notifications.previewing import preview_message
from kontor.notifications.wording import Words

# No scripts, no forms; of pictures the logo, which is ours.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; sandbox"
FIELDS = ("template", "language", "subject", "title", "body", "orderId")


async def preview(request: Request) -> Response:
    """The mail of a draft, written with the facts of an order. Refused as the API refuses it."""
    principal: Principal = request.state.principal
    try:
        principal.require(Permission.NOTIFICATIONS_READ)
        html = await _written(request, principal)
    except Forbidden as problem:
        status = 401 if principal.kind is PrincipalKind.ANONYMOUS else 403
        return refusal(problem, status, request.headers)
    except NotFound as problem:
        return refusal(problem, 404, request.headers)
    except KontorError as problem:
        return refusal(problem, 400, request.headers)
    return HTMLResponse(html, headers={"content-security-policy": MAIL_POLICY, "cache-control": "no-store"})


async def _written(request: Request, principal: Principal) -> str:
    given = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    template, language, subject, title, body, order_id = (given.get(name, "") for name in FIELDS)
    if not is_uuid(order_id):
        raise InvalidInput("An order is named by its id.", code="INVALID_INPUT", path=("orderId",))
    # Forms send every end of a line as two characters.
    draft = TemplateDraft(template=template, language=language, words=Words(subject, title, body.replace("\r\n", "\n")))
    runtime: Runtime = request.app.state.runtime
    async with runtime.database.read_only(principal) as db:
        made = await preview_message(db, draft, UUID(order_id), base_url=runtime.settings.base_url)
    return made.message.html


routes: list[Route] = [Route("/mail-preview", preview, methods=["POST"])]
