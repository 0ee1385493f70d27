"""Call the product's own API in this process: the demo gets no other door than everybody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kontor.api.graphql.context import Context
from kontor.api.graphql.schema import schema
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM

Rows = Sequence[Mapping[str, Any]]


class DemoFailed(RuntimeError):
    """The API refused what the demo asked: the demo data is wrong."""


class Caller:
    """GraphQL calls as the system."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def call(self, query: str, **variables: Any) -> Any:
        """The data of the call's first field; raises `DemoFailed` for any refusal."""
        result = await schema().execute(
            query, variable_values=variables, context_value=Context(self.runtime, SYSTEM, "demo", "en")
        )
        if result.errors or result.data is None:
            raise DemoFailed(f"{query}: {result.errors}")
        answer = next(iter(result.data.values()))
        if isinstance(answer, dict) and str(answer.get("__typename", "")).endswith("Error"):
            raise DemoFailed(f"{query}: {answer}")
        return answer

    async def save(self, field: str, kind: str, rows: Rows) -> None:
        """Save masters in bulk; every row has to be accepted."""
        answer = await self.call(
            f"mutation Save($inputs: [{kind}!]!) {{ {field}(inputs: $inputs, allOrNothing: true) "
            "{ __typename ... on Error { code message path details } } }",
            inputs=list(rows),
        )
        if answer["__typename"].endswith("Error"):
            raise DemoFailed(f"{field}: {answer}")
