"""The one way a mutation changes anything: a unit of work of the principal, done once per idempotency key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from kontor.api.graphql.context import Info
from kontor.api.http.session import gate
from kontor.auth import audit, limits
from kontor.core import inbox
from kontor.core.db import Session
from kontor.core.principal import PrincipalKind

R = TypeVar("R")
Target = tuple[str, UUID]


async def change(
    info: Info,
    work: Callable[[Session], Awaitable[R]],
    *,
    body: Any,
    targets: Callable[[R], Iterable[Target]],
    again: Callable[[Session, list[UUID]], Awaitable[R]],
    details: Mapping[str, Any] | None = None,
) -> R:
    """Run `work` in a unit of work and note it in the audit trail; repeated when the database asks for that.

    `body` is the mutation's input. With an `Idempotency-Key` a second call does nothing: `again` makes the answer from
    the ids of the first call's `targets`. Another body under the same key raises `IdempotencyConflict`; a refused call
    leaves its key free. A customer of a shop who does too much at once is held up.
    """
    context, operation = info.context, info.field_name
    if context.principal.kind is PrincipalKind.CUSTOMER:
        limiter = gate(context.runtime).limiter
        await limiter.take(limits.CUSTOMER_CHANGES, str(context.principal.customer_id))
    key = context.idempotency_key
    scope = f"{context.principal.id or context.principal.kind}/{info.path.key}"[:80]
    fingerprint = inbox.digest([operation, body]) if key is not None else ""

    async def unit(db: Session) -> R:
        if key is not None:
            answer = await inbox.first_answer(db, scope, key, fingerprint)
            if answer is not None:
                return await again(db, [UUID(item) for item in answer["ids"]])
        result = await work(db)
        things = list(targets(result))
        audit.note(db, operation, things, details)
        if key is not None:
            await inbox.keep_answer(db, scope, key, {"ids": [str(thing_id) for _, thing_id in things]})
        return result

    return await context.runtime.database.in_unit(context.principal, unit, request_id=context.request_id)
