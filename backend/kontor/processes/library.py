"""The deployed definitions: stored once per version, compiled once per process, chosen by a channel's settings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import structlog

from kontor.core import expressions
from kontor.core.ids import new_id
from kontor.processes.bpmn.model import Definition, Kind
from kontor.processes.bpmn.reader import read
from kontor.processes.errors import DefinitionNotFound, UnrunnableDefinition
from kontor.processes.messages import MESSAGES, START_MESSAGES
from kontor.processes.models import ProcessDefinition
from kontor.processes.settings import WAITING_TIMES
from kontor.processes.work import TASKS

if TYPE_CHECKING:
    from kontor.core.db import Database, Session

log = structlog.get_logger("kontor.processes")
SHIPPED = Path(__file__).parent / "definitions"
SHIPPED_BY = "shipped"


@dataclass(slots=True)
class Library:
    """What one process knows of the definitions in one database. Versions never change, so nothing gets stale."""

    compiled: dict[UUID, Definition] = field(default_factory=dict)
    shipped_are_in: bool = False

    async def load(self, db: Session, ids: Iterable[UUID]) -> None:
        """Compile the versions that are not yet known here."""
        missing = sorted(set(ids) - self.compiled.keys())
        if not missing:
            return
        rows = await db.execute(
            sa.select(ProcessDefinition.id, ProcessDefinition.xml).where(ProcessDefinition.id.in_(missing))
        )
        for row in rows:
            self.compiled[row.id] = _compiled(row.xml.encode())

    def node(self, definition_id: UUID, node_id: str) -> Any:
        """A node of a version, None when it has no such node."""
        return self.compiled[definition_id].nodes.get(node_id)


_libraries: WeakKeyDictionary[Database, Library] = WeakKeyDictionary()


def library_of(db: Session) -> Library:
    """The library of the session's database."""
    return _libraries.setdefault(db.database, Library())


async def deploy(db: Session, xml: bytes, *, now: datetime, by: str | None = None) -> ProcessDefinition:
    """Store a definition as the newest version of its key (the id of its process); the same text again changes nothing.

    Running instances keep the version they began with. Raises `UnsupportedElement`, `InvalidDefinition`,
    `UnrunnableDefinition`.
    """
    definition = _compiled(xml, checked=True)
    _check_runnable(definition)
    digest = hashlib.sha256(xml).hexdigest()
    versions = list(
        await db.scalars(
            sa.select(ProcessDefinition)
            .where(ProcessDefinition.key == definition.id)
            .order_by(ProcessDefinition.version.desc())
        )
    )
    for row in versions if by == SHIPPED_BY else versions[:1]:
        if row.sha256 == digest:
            return row
    deployed = ProcessDefinition(
        id=new_id(), key=definition.id, version=versions[0].version + 1 if versions else 1,
        name=definition.name or definition.id, xml=xml.decode(), sha256=digest, deployed_at=now,
        deployed_by=by or db.by,
    )  # fmt: skip
    db.add(deployed)
    await db.flush()
    return deployed


async def deploy_shipped(db: Session, *, now: datetime) -> list[ProcessDefinition]:
    """Store the shipped definitions where they are new; a key somebody has deployed to since is left alone."""
    found = []
    foreign = set(
        await db.scalars(sa.select(ProcessDefinition.key).where(ProcessDefinition.deployed_by != SHIPPED_BY).distinct())
    )
    for path in sorted(SHIPPED.glob("*.bpmn")):
        if path.stem not in foreign:
            found.append(await deploy(db, path.read_bytes(), now=now, by=SHIPPED_BY))
    return found


@lru_cache(maxsize=64)
def _compiled(xml: bytes, *, checked: bool = False) -> Definition:
    """What a text says never changes, and reading it takes longer than all that is done with it at a start."""
    return read(xml, check_condition=expressions.check if checked else None)


def _check_runnable(definition: Definition) -> None:
    unknown = {
        "tasks": sorted(definition.tasks - TASKS.keys()),
        "messages": sorted(definition.messages - MESSAGES),
        "settings": sorted(definition.settings - WAITING_TIMES.keys()),
    }
    if definition.start_message not in START_MESSAGES.values():
        unknown["messages"].insert(0, str(definition.start_message))
    wrong = {name: names for name, names in unknown.items() if names}
    if wrong:
        text = "; ".join(f"unknown {name}: {', '.join(names)}" for name, names in wrong.items())
        raise UnrunnableDefinition(f"{definition.id} cannot run: {text}.", path=("xml",), unknown=wrong)


async def newest(db: Session) -> dict[str, UUID]:
    """The newest version of every key; the shipped ones are deployed first where they are not."""
    library = library_of(db)
    known = await _newest(db)
    if not library.shipped_are_in or not known.keys() >= START_MESSAGES.keys():
        deployed = await deploy_shipped(db, now=db.now)
        # Not before it has been seen that nothing was left to do: this transaction may still be rolled back.
        library.shipped_are_in = all(row.id in known.values() or row.key in known for row in deployed) and bool(known)
        known = await _newest(db)
    await library.load(db, known.values())
    return known


async def _newest(db: Session) -> dict[str, UUID]:
    rows = await db.execute(
        sa.select(ProcessDefinition.key, ProcessDefinition.id).order_by(
            ProcessDefinition.key, ProcessDefinition.version
        )
    )
    return {row.key: row.id for row in rows}


def choose(library: Library, known: Mapping[str, UUID], family: str, processes: Mapping[str, Any]) -> UUID:
    """The version a new instance of a family runs by: the channel's own process, else the shipped one.

    A channel that names a process which is not deployed, or begins otherwise, gets the shipped one: an order is never
    lost to a setting. Raises `DefinitionNotFound` when not even that is there.
    """
    wanted = processes.get(family)
    if wanted is not None:
        own = known.get(str(wanted))
        if own is not None and library.compiled[own].start_message == START_MESSAGES[family]:
            return own
        log.warning("a channel names a process that cannot serve it", family=family, process=str(wanted))
    if family not in known:
        raise DefinitionNotFound(f"No definition is deployed for {family}.", key=family)
    return known[family]


def tokens_at(library: Library, definition_id: UUID, tokens: Mapping[str, Any], tasks: Iterable[str]) -> list[str]:
    """The tokens that stand on work of one of the names, oldest first."""
    nodes, names = library.compiled[definition_id].nodes, frozenset(tasks)
    return [
        token_id
        for token_id, token in sorted(tokens.items(), key=lambda item: int(item[0]))
        if token[0] in nodes and nodes[token[0]].task in names
    ]


def is_user_task(library: Library, definition_id: UUID, node_id: str) -> bool:
    """Whether the work of a node is a person's."""
    node = library.node(definition_id, node_id)
    return node is not None and node.kind is Kind.USER
