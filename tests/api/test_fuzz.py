"""Malformed, hostile and oversized calls: always a typed answer that names the field, never a half-done change."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa

from api.graphql.rights import foreign_values
from api.graphql.test_rights import facts_of
from kontor.core.db import Database, Model
from kontor.core.jobs import Runtime
from proofs.hostile import Hostile, bodies, documents, inlined
from proofs.schema_walk import document, roots
from proofs.sides import UNCOUNTED, build
from support import Client, Drain, Principals

ROUNDS = int(os.environ.get("KONTOR_PROVE_FUZZ", "1"))
FIRST = int(os.environ.get("KONTOR_PROVE_SEED", "1"))
CODE = "code_Stringx"
ANSWERED = (200, 400, 413)


class State:
    """What is stored, as one number; the audit trail and what only counts calls are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names = sorted(name for name in Model.metadata.tables if name not in UNCOUNTED)
        file = database.engine.url.database if database.sqlite else None
        self._watching = sqlite3.connect(file) if file else None
        self._seen: tuple[int, dict[str, Any]] | None = None

    async def read(self) -> dict[str, Any]:
        """A number per table. SQLite says whether anybody has written since, and only then all is read."""
        async with self._database.read_only() as db:
            if self._watching is not None:
                ((version,),) = self._watching.execute("PRAGMA data_version")
                if self._seen is None or self._seen[0] != version:
                    self._seen = version, {name: hash(tuple(await self._rows(db, name))) for name in self._names}
                return self._seen[1]
            parts = (
                f"SELECT '{name}', md5(string_agg(r::text, '|' ORDER BY r::text)) FROM \"{name}\" r"
                for name in self._names
            )
            return {row[0]: row[1] for row in await db.execute(sa.text(" UNION ALL ".join(parts)))}

    async def _rows(self, db: Any, name: str) -> list[Any]:
        connection = await db.connection()
        found = await connection.exec_driver_sql(f'SELECT * FROM "{name}"')
        return [tuple(row) for row in found]


def refused(answer: dict[str, Any]) -> bool:
    """Whether an answer says no to the whole call."""
    if answer.get("errors"):
        return True
    value = (answer.get("data") or {}).get("answer")
    return isinstance(value, dict) and CODE in value and str(value.get("__typename")).endswith("Error")


def problem_of(status: int, text: str) -> str | None:
    """What is wrong with an answer to a bad call."""
    if status not in ANSWERED:
        return f"status {status}: {text[:300]}"
    if "INTERNAL_ERROR" in text:
        return text[:300]
    answer = json.loads(text)
    for error in answer.get("errors") or ():
        facts = error.get("extensions", {})
        if not facts.get("code") or not isinstance(facts.get("path"), list) or not error.get("message"):
            return f"an untyped error: {error}"
        # Of some literals, such as an empty list, the parser keeps no place.
        if facts["code"].startswith("INVALID_") and not facts["path"] and error.get("locations"):
            return f"an error that names no field: {error}"
    value = (answer.get("data") or {}).get("answer")
    if isinstance(value, dict) and str(value.get("__typename")).endswith("Error") and not value[CODE]:
        return f"a refusal without code: {value}"
    return None


async def test_hostile_values_never_break_a_field(
    database: Database, runtime: Runtime, drain: Drain, client: Client, principals: Principals
) -> None:
    """Every query and mutation with generated values, in variables and in the document."""
    [side] = await build(runtime, drain, ("ANTON",))
    facts = await facts_of(database, side)
    sound, state = foreign_values(facts), State(database)
    hostile = Hostile(FIRST, [str(each) for each in facts.values()])
    headers = {**client.acting(principals.admin), "content-type": "application/json"}
    wrong: list[str] = []
    before = await state.read()
    for number in range(ROUNDS):
        for root in roots():
            given = hostile.arguments(root, sound(root))
            inline = hostile.chance.random() < 0.2
            call = (
                {"query": inlined(root, given)} if inline else {"query": document(root, 0, given), "variables": given}
            )
            reply = await client.http.post("/graphql", content=json.dumps(call), headers=headers)
            problem = problem_of(reply.status_code, reply.text)
            if problem:
                wrong.append(f"{number} {root.name} {json.dumps(given)[:400]}: {problem}")
            elif root.kind == "mutation":
                after = await state.read()
                changed = [name for name in after if after[name] != before[name]]
                if changed and refused(reply.json()):
                    wrong.append(f"{number} {root.name} {json.dumps(given)[:400]}: refused, yet changed {changed}")
                before = after
    assert not wrong, "\n".join(wrong)


@pytest.mark.engine("sqlite")
async def test_hostile_documents_and_bodies_are_answered(client: Client, principals: Principals) -> None:
    headers = client.acting(principals.admin)
    calls = [(json.dumps({"query": each}).encode(), "application/json") for each in documents()] + bodies()
    wrong = []
    for body, kind in calls:
        reply = await client.http.post("/graphql", content=body, headers={**headers, "content-type": kind})
        problem = problem_of(reply.status_code, reply.text)
        if problem:
            wrong.append(f"{body[:120]!r}: {problem}")
    assert not wrong, "\n".join(wrong)
