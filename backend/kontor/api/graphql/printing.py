"""Papers of a selection in one file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal, text_of
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.printing import queries, service
from kontor.printing.errors import PrintBatchNotFound
from kontor.printing.values import PaperKind, PaperSize, PickBy, Selection

for _each in (PaperKind, PaperSize, PickBy):
    strawberry.enum(_each)


@strawberry.type(description="A paper that was asked for and is not in the file.")
class MissingPaper:
    fulfillment_order_id: UUID
    kind: PaperKind
    code: str = strawberry.field(description="Stable and made for programs.")
    message: str = strawberry.field(description="Why, in the language asked for.")


@strawberry.type(description="One file with the papers of a selection; `url` is its address, kept for a day.")
class PrintBatch:
    id: UUID
    url: str = strawberry.field(description="Opens at once: it waits until the file is drawn.")
    stage: str = strawberry.field(description="PENDING, READY, or FAILED while it waits to be tried again.")
    size: PaperSize
    kinds: list[PaperKind]
    count: int = strawberry.field(description="Papers in the file.")
    done: int = strawberry.field(description="Papers that are drawn already.")
    pages: int | None
    bytes: int | None
    missing: list[MissingPaper]
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Any, context: Context) -> PrintBatch:
        """As the API shows it."""
        return cls(
            id=row.id, url=f"/files/print/{row.id}.pdf", stage=row.stage, size=row.size,
            kinds=[PaperKind(kind) for kind in row.kinds], count=len(row.items), done=row.done, pages=row.pages,
            bytes=row.bytes, missing=[_missing(each, context) for each in row.missing], created_at=row.created_at,
            finished_at=row.finished_at,
        )  # fmt: skip


def _missing(each: Any, context: Context) -> MissingPaper:
    why = KontorError(each["code"], code=each["code"])
    return MissingPaper(
        fulfillment_order_id=UUID(each["fulfillment_order_id"]), kind=PaperKind(each["kind"]), code=each["code"],
        message=text_of(why, context.language),
    )  # fmt: skip


@strawberry.input(description="Papers of these kinds for these fulfillment orders, in the order given; up to 500.")
class PrintDocumentsInput:
    fulfillment_order_ids: list[UUID]
    kinds: list[PaperKind]
    size: PaperSize = strawberry.field(default=PaperSize.A4, description="Labels fit on any, all else on A4.")
    pick_by: PickBy = strawberry.field(default=PickBy.ARTICLE, description="How the pick list is walked.")


PrintDocumentsResult = Annotated[PrintBatch | Refusal, strawberry.union("PrintDocumentsResult")]


@strawberry.type
class PrintingQuery:
    @strawberry.field(extensions=[requires(Permission.FULFILLMENT_READ)], description="How far a file is.")
    async def print_batch(self, info: Info, id: UUID) -> PrintBatch | None:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            try:
                return PrintBatch.of(await queries.get_batch(db, id, principal), info.context)
            except PrintBatchNotFound:
                return None


@strawberry.type
class PrintingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_READ)],
        description="One file with the papers of a selection. Each keeps its number; printed again it is the same.",
    )
    async def print_documents(self, info: Info, input: PrintDocumentsInput) -> PrintDocumentsResult:
        context = info.context
        selection = Selection(
            input.fulfillment_order_ids, input.kinds, input.size, input.pick_by, language=context.language
        )

        async def work(db: Session) -> PrintBatch:
            batch = await service.print_documents(db, selection, now=db.now, principal=db.principal)
            return PrintBatch.of(batch, context)

        async def again(db: Session, ids: list[UUID]) -> PrintBatch:
            return PrintBatch.of(await queries.get_batch(db, ids[0], context.principal), context)

        return await change(
            info, work, body=selection, again=again, targets=lambda done: [("print_batch", done.id)],
            details={"kinds": [kind.value for kind in input.kinds]},
        )  # fmt: skip
