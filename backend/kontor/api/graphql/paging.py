"""Cursor connections over `core.pagination`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from kontor.core.pagination import Page, PageRequest

T = TypeVar("T")
First = Annotated[int, strawberry.argument(description="How many rows, at most 200.")]
After = Annotated[str | None, strawberry.argument(description="The cursor after which the page begins.")]


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo


def page_of(first: int, after: str | None) -> PageRequest:
    """What the arguments ask for; raises `InvalidInput` for a size out of range."""
    return PageRequest(first, after)


def sorting(sort: Enum) -> dict[str, Any]:
    """Order and direction that a member of a sort enum names: NAME or NAME_DESC (orders also say NAME_ASC)."""
    name = sort.name.removesuffix("_DESC").removesuffix("_ASC")
    return {"sort": name, "descending": sort.name.endswith("_DESC")}


def connect(page: Page[Any], show: Callable[[Any], T]) -> Connection[T]:
    """A page as a connection; `show` makes the GraphQL type of a row."""
    nodes = [show(item) for item in page.items]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(has_next_page=page.has_next, end_cursor=page.cursors[-1] if page.cursors else None),
    )
