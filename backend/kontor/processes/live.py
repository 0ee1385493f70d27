"""Instances as a batch works on them: read, moved and written by a few statements for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import dumps
from kontor.core.statemachine import transition
from kontor.processes import steps
from kontor.processes.engine import is_finished, outcome
from kontor.processes.models import ProcessInstance
from kontor.processes.states import INSTANCE, InstanceState

if TYPE_CHECKING:
    from kontor.core.db import Session

HOST = "host"  # what is kept beside the engine's state: failures, and happenings to be repeated


@dataclass(slots=True)
class Live:
    """One instance in memory. `failed` is token to (node, code, message); `stuck` are happenings to be repeated."""

    __tablename__: ClassVar[str] = ProcessInstance.__tablename__
    id: UUID
    definition_id: UUID
    key: str
    subject_id: UUID
    order_id: UUID
    state: InstanceState
    data: dict[str, Any]
    started_at: datetime
    failed: dict[str, list[str]] = field(default_factory=dict)
    stuck: list[dict[str, Any]] = field(default_factory=list)
    fresh: bool = False
    changed: bool = False

    @property
    def over(self) -> bool:
        """Whether the instance has ended."""
        return self.state in (InstanceState.FINISHED, InstanceState.CANCELED)

    @property
    def error(self) -> str | None:
        """What somebody must look at."""
        texts = [f"{node}: {code}. {message}".rstrip(". ") for node, code, message in self.failed.values()]
        return "; ".join([*texts, *(str(each["error"]) for each in self.stuck)])[:4000] or None

    def stick(self, happening: steps.Happening, error: str) -> None:
        """Keep a happening the definition gives no way for, to be repeated."""
        content = {name: getattr(happening, name) for name in happening.__dataclass_fields__}
        self.stuck.append({"kind": type(happening).__name__, "content": content, "error": error})
        self.changed = True

    def unstick(self) -> list[steps.Happening]:
        """The happenings to be repeated, taken off."""
        found = [_KINDS[each["kind"]](**each["content"]) for each in self.stuck]
        self.stuck = []
        return found

    def settle(self, db: Session) -> None:
        """Bring the state in line with what the engine says."""
        self.failed = {token: fault for token, fault in self.failed.items() if token in self.data["tokens"]}
        to = InstanceState.RUNNING
        if is_finished(self.data):
            canceled = outcome(self.data) is steps.Outcome.CANCELED
            to, self.stuck = InstanceState.CANCELED if canceled else InstanceState.FINISHED, []
        elif self.failed or self.stuck:
            to = InstanceState.FAILED
        if self.state is InstanceState.FAILED and to is InstanceState.FINISHED:
            transition(db, self, InstanceState.RUNNING, table=INSTANCE, now=db.now)
        if self.state is not to:
            reason = (self.error or "")[:500] or None
            transition(db, self, to, table=INSTANCE, now=db.now, reason=reason)

    def stored(self) -> dict[str, Any]:
        """The JSON that is kept."""
        if not (self.failed or self.stuck):
            return self.data
        return {**self.data, HOST: {"failed": self.failed, "stuck": self.stuck}}


_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        steps.TaskCompleted, steps.TaskFailed, steps.TaskEscalated, steps.Retry, steps.MessageReceived,
        steps.TimerFired, steps.Cancel, steps.Terminate,
    )
}  # fmt: skip
_COLUMNS = (
    ProcessInstance.id, ProcessInstance.definition_id, ProcessInstance.key, ProcessInstance.subject_id,
    ProcessInstance.order_id, ProcessInstance.state, ProcessInstance.data, ProcessInstance.started_at,
)  # fmt: skip


async def lock_live(db: Session, order_ids: Iterable[UUID]) -> list[Live]:
    """Every instance of the orders, locked in key order; the orders are locked already."""
    found: list[Live] = []
    rows = await db.execute(
        sa.select(*_COLUMNS)
        .where(ProcessInstance.order_id.in_(order_ids))
        .order_by(ProcessInstance.id)
        .with_for_update()
    )
    for row in rows:
        host = row.data.pop(HOST, None) or {}
        live = Live(*row)
        live.failed, live.stuck = host.get("failed", {}), host.get("stuck", [])
        found.append(live)
    return found


_INSERT = (
    "id", "definition_id", "key", "subject_id", "order_id", "state", "data", "error", "started_at", "updated_at",
    "finished_at",
)  # fmt: skip
_UPDATE_PG = sa.text(
    "UPDATE process_instance AS p SET state = d.state, data = CAST(d.data AS jsonb), error = d.error, "
    "updated_at = :now, finished_at = CASE WHEN d.over THEN CAST(:now AS timestamptz) END "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:datas AS text[]), CAST(:errors AS text[]), "
    "CAST(:overs AS boolean[])) AS d(id, state, data, error, over) WHERE p.id = d.id"
)
_UPDATE_SQLITE = (
    "UPDATE process_instance SET state = ?, data = ?, error = ?, updated_at = ?, finished_at = ? WHERE id = ?"
)


async def write_live(db: Session, lives: Sequence[Live]) -> None:
    """Write what has changed: one statement for the new ones, one for the others."""
    for live in lives:
        live.settle(db)
    fresh = [live for live in lives if live.fresh]
    await db.bulk_insert(
        ProcessInstance,
        _INSERT,
        [
            (live.id, live.definition_id, live.key, live.subject_id, live.order_id, live.state, live.stored(),
             live.error, live.started_at, db.now, db.now if live.over else None)
            for live in fresh
        ],
    )  # fmt: skip
    known = [live for live in lives if not live.fresh]
    if not known:
        return
    if db.sqlite:
        connection = await db.connection()
        now = db.now.replace(tzinfo=None).isoformat(" ", "microseconds")
        rows = [
            (live.state.value, dumps(live.stored()), live.error, now, now if live.over else None, live.id.hex)
            for live in known
        ]
        await connection.exec_driver_sql(_UPDATE_SQLITE, rows)
        return
    values = {
        "now": db.now,
        "ids": [live.id for live in known],
        "states": [live.state.value for live in known],
        "datas": [dumps(live.stored()) for live in known],
        "errors": [live.error for live in known],
        "overs": [live.over for live in known],
    }
    await db.execute(_UPDATE_PG, values)
