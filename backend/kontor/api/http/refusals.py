"""Refusals of plain HTTP: the errors of GraphQL as JSON, in the language asked for.

The token endpoint is the exception: OAuth writes its descriptions in plain ASCII, so they stay English.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from kontor.api.graphql.context import language_of
from kontor.api.graphql.errors import text_of
from kontor.core.errors import KontorError


def refusal(problem: KontorError, status: int, asked: Mapping[str, str]) -> JSONResponse:
    """The answer with this status; `asked` are the headers of the request."""
    body = {
        "code": problem.code,
        "message": text_of(problem, language_of(asked.get("accept-language", ""))),
        "path": [str(part) for part in problem.path],
    }
    if "reference" in problem.params:
        body["reference"] = problem.params["reference"]
    return JSONResponse({"errors": [body]}, status, headers={"cache-control": "no-store", "vary": "accept-language"})
