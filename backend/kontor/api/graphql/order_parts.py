"""What belongs to an order beside its goods and its money: claims, goodwill, files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from kontor.api.graphql.context import Context
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.relations import Rows, children
from kontor.api.http.files import readable
from kontor.auth.permissions import Permission
from kontor.claims.models import Claim as ClaimTable
from kontor.claims.models import Goodwill as GoodwillTable
from kontor.core.principal import Principal
from kontor.documents.models import Document as DocumentTable
from kontor.documents.queries import visible_to

if TYPE_CHECKING:
    from kontor.api.graphql.claims import Claim
    from kontor.api.graphql.goodwill_types import GoodwillRow
    from kontor.api.graphql.invoicing import Document


def _of_caller(principal: Principal) -> Any:
    """Files that are the caller's to see, of the kinds their permissions open."""
    return visible_to(principal).where(readable(principal)).whereclause


@strawberry.type
class OrderParts:
    @children(
        ClaimTable.order_id, order_by=ClaimTable.opened_at,
        extensions=[requires(Permission.CARE_READ, Permission.CLAIMS_WRITE)],
    )  # fmt: skip
    def claims(
        self, rows: Rows, context: Context
    ) -> list[Annotated[Claim, strawberry.lazy("kontor.api.graphql.claims")]]:
        from kontor.api.graphql.claims import show_claim

        return [show_claim(row, context.principal) for row in rows]

    @children(
        GoodwillTable.order_id, order_by=GoodwillTable.requested_at, extensions=[requires(Permission.PAYMENTS_READ)]
    )
    def goodwill(
        self, rows: Rows, context: Context
    ) -> list[Annotated[GoodwillRow, strawberry.lazy("kontor.api.graphql.goodwill_types")]]:
        from kontor.api.graphql.goodwill_types import GoodwillRow

        return [GoodwillRow.of(row) for row in rows]

    @children(
        DocumentTable.order_id, order_by=DocumentTable.created_at, visible=_of_caller,
        description="Of each kind those that the caller may read.",
        extensions=[requires(Permission.INVOICES_READ, Permission.RETURNS_READ, Permission.ORDERS_READ)],
    )  # fmt: skip
    def documents(
        self, rows: Rows, context: Context
    ) -> list[Annotated[Document, strawberry.lazy("kontor.api.graphql.invoicing")]]:
        from kontor.api.graphql.invoicing import Document

        return [Document.of(row) for row in rows]
