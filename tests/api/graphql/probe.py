"""A small schema over the frame, for tests of the frame itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.schema.config import StrawberryConfig

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import HANDLERS, Error, Refusal
from kontor.api.graphql.limits import Gate
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import Connection, connect, page_of
from kontor.api.graphql.permissions import public, requires
from kontor.api.graphql.scalars import SCALARS, Long, Money, MoneyInput
from kontor.api.graphql.schema import Schema
from kontor.core import money, outbox
from kontor.core.db import Session
from kontor.core.errors import Conflict, InvalidInput, NotFound
from kontor.core.ids import new_id
from kontor.core.pagination import Page


@strawberry.type
class Thing:
    number: int

    @strawberry.field
    def inner(self) -> Thing:
        return self

    @strawberry.field
    def others(self) -> list[Thing]:
        return [self]


@strawberry.input
class PartInput:
    quantity: int
    due: date | None = None


@strawberry.input
class ThingInput:
    id: UUID
    parts: list[PartInput]
    price: MoneyInput | None = None
    at: datetime | None = None
    size: Long | None = None


@strawberry.type
class MakeThingPayload:
    id: UUID


MakeThingResult = Annotated[MakeThingPayload | Refusal, strawberry.union("MakeThingResult")]
PROBLEMS: dict[str, Exception] = {
    "missing": NotFound("No such thing.", path=("id",)),
    "wrong": InvalidInput("Too many.", code="TOO_MANY", path=("parts", 0, "quantity"), max=3),
    "busy": Conflict("Busy.", code="IDEMPOTENCY_CONFLICT", key="k"),
    "bug": RuntimeError("secret"),
    "away": ConnectionError("refused"),
}


@strawberry.type
class Query:
    @strawberry.field(extensions=[public()])
    def thing(self) -> Thing:
        return Thing(number=1)

    @strawberry.field(extensions=[requires("things:read")])
    async def guarded(self) -> int:
        return 1

    @strawberry.field(extensions=[public()])
    def things(self, first: int = 50, after: str | None = None) -> Connection[Thing]:
        page_of(first, after)
        return connect(Page([1, 2], ["a", "b"], has_next=True), lambda number: Thing(number=number))

    @strawberry.field(extensions=[public()])
    def fail(self, how: str) -> int:
        raise PROBLEMS[how]

    @strawberry.field(extensions=[public()])
    def echo(self, text: str, when: datetime | None = None) -> str:
        return text

    @strawberry.field(extensions=[public()])
    def cash(self) -> Money:
        return Money.of(money.Money(5_000_000_000, "EUR"))


@strawberry.type
class Mutation:
    @strawberry.mutation(extensions=[requires("things:write")])
    async def make_thing(self, info: Info, input: ThingInput, how: str | None = None) -> MakeThingResult:
        async def work(db: Session) -> MakeThingPayload:
            outbox.schedule(db, "test.made", {})
            if how is not None:
                raise PROBLEMS[how]
            return MakeThingPayload(id=new_id())

        async def again(_db: Session, ids: list[UUID]) -> MakeThingPayload:
            return MakeThingPayload(id=ids[0])

        def targets(made: MakeThingPayload) -> list[tuple[str, UUID]]:
            return [("thing", made.id)]

        return await change(info, work, body=input, targets=targets, again=again)


def make_schema() -> Schema:
    """The probe's schema, put together as the real one is."""
    return Schema(
        Query,
        Mutation,
        types=[Error],
        extensions=[Gate],
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=HANDLERS,
    )


PROBE = make_schema()


async def ask(context: Context, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer as a client sees it."""
    result = await PROBE.execute(query, variable_values=variables, context_value=context)
    return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}


def code_of(answer: dict[str, Any]) -> str:
    """The code of the first error."""
    return str(answer["errors"][0]["extensions"]["code"])
