"""Views of pages that people save."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import public
from kontor.auth import models, views
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.core.principal import PrincipalKind


@strawberry.type(description="A page as somebody likes to see it.")
class SavedView:
    id: UUID
    page: str
    name: str
    query: str = strawberry.field(description="The query of the page's address.")
    shared: bool = strawberry.field(description="Seen by the people one works with.")
    mine: bool
    created_at: datetime

    @classmethod
    def of(cls, row: models.SavedView, user_id: UUID | None) -> SavedView:
        """As the API shows it to somebody."""
        return cls(
            id=row.id, page=row.page, name=row.name, query=row.query, shared=row.shared, mine=row.user_id == user_id,
            created_at=row.created_at,
        )  # fmt: skip


@strawberry.input(description="One of the same name on the same page is replaced.")
class SaveViewInput:
    page: str
    name: str
    query: str
    shared: bool = False

    def value(self) -> views.ViewInput:
        """As the domain takes it."""
        return views.ViewInput(self.page, self.name, self.query, self.shared)


@strawberry.type
class SavedViewChanged:
    view: SavedView


SavedViewResult = Annotated[SavedViewChanged | Refusal, strawberry.union("SavedViewResult")]


@strawberry.type
class ViewsQuery:
    @strawberry.field(description="One's own views of a page and those shared with one.", extensions=[public()])
    async def saved_views(self, info: Info, page: str) -> list[SavedView]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            return [SavedView.of(row, principal.id) for row in await views.views_of(db, page, principal)]


@strawberry.type
class ViewsMutation:
    @strawberry.mutation(description="Keep a view of a page.", extensions=[public()])
    async def save_view(self, info: Info, input: SaveViewInput) -> SavedViewResult:
        return await _changed(info, lambda db: views.save_view(db, input.value(), db.principal), input.value())

    @strawberry.mutation(description="Forget a view of one's own.", extensions=[public()])
    async def delete_view(self, info: Info, id: UUID) -> SavedViewResult:
        return await _changed(info, lambda db: views.delete_view(db, id, db.principal), id)


async def _changed(info: Info, step: Callable[[Session], Awaitable[models.SavedView]], body: Any) -> SavedViewChanged:
    principal = info.context.principal
    if principal.kind is PrincipalKind.ANONYMOUS:
        raise Forbidden("Please sign in.", code="UNAUTHENTICATED")

    async def work(db: Session) -> SavedViewChanged:
        return SavedViewChanged(view=SavedView.of(await step(db), principal.id))

    async def again(db: Session, ids: list[UUID]) -> SavedViewChanged:
        return SavedViewChanged(view=SavedView.of(await db.get_one(models.SavedView, ids[0]), principal.id))

    return await change(info, work, body=body, again=again, targets=lambda done: [("saved_view", done.view.id)])
