"""The schema: what the modules beside this one bring, merged into one Query, Mutation and Subscription."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from importlib import metadata
from types import ModuleType
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from kontor.api import graphql as here
from kontor.api.graphql import subscriptions
from kontor.api.graphql.context import Context
from kontor.api.graphql.errors import HANDLERS, Error, present
from kontor.api.graphql.executing import ShortWay
from kontor.api.graphql.inputs import quicken
from kontor.api.graphql.limits import Gate
from kontor.api.graphql.permissions import public
from kontor.api.graphql.scalars import SCALARS

VERSION = metadata.version("kontor")
FRAME = frozenset(
    {
        "columns",
        "context",
        "endpoint",
        "errors",
        "executing",
        "feeds",
        "guessing",
        "inputs",
        "limits",
        "live",
        "loaders",
        "messages_de",
        "messages_en",
        "mutation",
        "paging",
    }
    | {"permissions", "relations", "scalars", "schema", "selections", "shown"}
)


@strawberry.type
class FrameQuery:
    @strawberry.field(description="The release that answers.", extensions=[public()])
    def version(self) -> str:
        return VERSION


class Schema(strawberry.Schema):
    """Strawberry's schema with our way of showing errors."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        context = execution_context.context if execution_context else None
        if isinstance(context, Context):
            for error in errors:
                present(error, context)


@cache
def modules() -> tuple[ModuleType, ...]:
    """The modules of the nouns."""
    names = sorted(item.name for item in pkgutil.iter_modules(here.__path__) if item.name not in FRAME)
    return tuple(importlib.import_module(f"{here.__name__}.{name}") for name in names)


def parts(ending: str) -> tuple[type, ...]:
    """The classes `<Noun><ending>` that the modules define."""
    return tuple(
        thing
        for module in modules()
        for name, thing in inspect.getmembers(module, inspect.isclass)
        if name.endswith(ending) and thing.__module__ == module.__name__ and hasattr(thing, "__strawberry_definition__")
    )


@cache
def schema() -> Schema:
    """The schema, made once per process."""
    mutations = parts("Mutation")
    options: dict[str, Any] = {"mutation": merge_types("Mutation", mutations)} if mutations else {}
    made = Schema(
        query=merge_types("Query", (FrameQuery, *parts("Query"))),
        subscription=merge_types("Subscription", parts("Subscription") or (subscriptions.EventsSubscription,)),
        types=[Error],
        extensions=[Gate],
        execution_context_class=ShortWay,
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=HANDLERS,
        **options,
    )
    quicken(made._schema, made.config, made.schema_converter.scalar_registry)
    return made
