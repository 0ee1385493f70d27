"""Who may use a field. Every root field bears a mark: the permission it needs, or that it is for everybody."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from kontor.api.graphql.context import Info
from kontor.core.errors import Forbidden
from kontor.core.principal import Principal, PrincipalKind


class Access(FieldExtension):
    """The mark on a field; without a permission it is public. `person`: no machine may, whatever it was granted."""

    def __init__(self, *permissions: str, person: bool = False) -> None:
        self.permissions = tuple(str(item) for item in permissions)
        self.person = person

    def apply(self, field: StrawberryField) -> None:
        needed = " or ".join(self.permissions)
        whose = ", and a person" if self.person else ""
        field.description = " ".join(filter(None, (field.description, f"Needs {needed}{whose}." if needed else "")))

    def check(self, principal: Principal) -> None:
        """Raise `Forbidden` unless one of the permissions is held, by a person where the mark says so."""
        if not self.permissions or any(principal.may(item) for item in self.permissions):
            if self.person:
                principal.require_person()
            return
        if principal.kind is PrincipalKind.ANONYMOUS:
            raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
        principal.require(self.permissions[0])

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        self.check(info.context.principal)
        return next_(source, info, **kwargs)

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        self.check(info.context.principal)
        outcome = next_(source, info, **kwargs)
        return await outcome if inspect.isawaitable(outcome) else outcome


def requires(*permissions: str, person: bool = False) -> FieldExtension:
    """One of these permissions must be held: `@strawberry.field(extensions=[requires(Permission.ORDERS_READ)])`.

    With `person` by a person: whoever lets people in could make itself anything.
    """
    if not permissions:
        raise ValueError("Name a permission, or mark the field as public")
    return Access(*permissions, person=person)


def public() -> FieldExtension:
    """Anybody may use the field, signed in or not."""
    return Access()


def access_of(field: StrawberryField) -> Access | None:
    """The mark of a field."""
    return next((item for item in field.extensions if isinstance(item, Access)), None)
