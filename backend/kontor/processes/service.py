"""Instances driven by what happens; people's decisions, retries and cancellations; and the definitions they run by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.core import outbox
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import Item
from kontor.core.statemachine import transition
from kontor.processes import messages, queries, steps, tasks
from kontor.processes.errors import NothingToRetry, ProcessEnded, UnknownOutcome, UserTaskDone
from kontor.processes.library import deploy, deploy_shipped, library_of, newest
from kontor.processes.live import Live, lock_live, write_live
from kontor.processes.models import ProcessInstance, UserTask
from kontor.processes.running import Batch, Care
from kontor.processes.states import USER_TASK, InstanceState, UserTaskState
from kontor.processes.work import USER_TASKS
from kontor.routing import masters as routing_masters

__all__ = ["advance", "cancel_process", "complete_user_task", "deploy", "deploy_shipped", "retry_process"]

JOB = "processes.advance"
OUTCOMES = frozenset({"APPROVED", "DECLINED"})
assert tasks.TASKS, "the tasks are declared by importing them"


async def advance(db: Session, items: Sequence[Item], *, care: Care | None = None) -> None:
    """Let happen what the items say: events, timers that are due, decisions, retries; write all instances at once.

    Locks the orders concerned, then their instances. Raises what a task raises, and then nothing has happened; with
    `care.alone` refusals become incidents of the instance instead.
    """
    heard = [(item.key, meaning) for item in items if item.event and item.key for meaning in _meanings(item)]
    wakes = [meaning for _, meaning in heard if isinstance(meaning, messages.Wake)]
    waiting = await queries.waiting_orders(db, wakes) if wakes else {}
    direct = [item for item in items if not item.event]
    order_ids = {key for key, meaning in heard if not isinstance(meaning, messages.Wake)}
    order_ids |= {UUID(item.args["order_id"]) for item in direct}
    order_ids |= {order_id for found in waiting.values() for order_id in found}
    batch = await _open(db, order_ids, care or Care(), begins=any(_begins(meaning) for _, meaning in heard))
    for order_id, meaning in heard:
        if isinstance(meaning, messages.Wake):
            for found in waiting.pop(meaning.variant_id, ()):
                batch.hear(found, messages.Tell(messages.ORDER, meaning.message, found))
        else:
            batch.hear(order_id, meaning)
    for item in direct:
        _direct(batch, item.args)
    await batch.run()
    await _write(db, batch)


def _meanings(item: Item) -> tuple[messages.Meaning, ...]:
    assert item.event is not None
    assert item.key is not None
    return messages.meanings(item.event, item.key, item.args)


def _begins(meaning: messages.Meaning) -> bool:
    return isinstance(meaning, messages.Begin) or (isinstance(meaning, messages.Tell) and meaning.begins)


async def _open(db: Session, order_ids: set[UUID], care: Care, *, begins: bool) -> Batch:
    channel_of = await queries.lock_order_channels(db, order_ids)
    masters = await routing_masters.load(db)
    lives = await lock_live(db, channel_of)
    library = library_of(db)
    known = await newest(db) if begins else {}
    await library.load(db, {live.definition_id for live in lives})
    channels = {order_id: masters.channels_by_id[channel_id] for order_id, channel_id in channel_of.items()}
    batch = Batch(db, library, known, channels, care)
    for live in lives:
        batch.add(live)
    return batch


def _direct(batch: Batch, args: Mapping[str, Any]) -> None:
    live = batch.lives.get(UUID(args["instance_id"]))
    if live is None:
        return
    match args["do"]:
        case "timer":
            batch.put(live, steps.TimerFired(args["token"]))
        case "complete":
            batch.put(live, steps.TaskCompleted(args["token"], args["result"]))
        case "cancel":
            batch.put(live, steps.Cancel())
        case "retry":
            for happening in live.unstick():
                batch.put(live, happening)
            for token in live.failed:
                batch.put(live, steps.Retry(token))


_TASK_COLUMNS = ("id", "instance_id", "order_id", "token", "name", "role", "state", "created_at", "updated_at")


async def _write(db: Session, batch: Batch) -> None:
    before = {live.id for live in batch.lives.values() if live.state is InstanceState.FAILED}
    await write_live(db, [live for live in batch.lives.values() if live.fresh or live.changed])
    await _raise_failures(db, batch, before)
    for (instance_id, token), due in batch.timers.items():
        live = batch.lives[instance_id]
        args = _args(live, "timer", token=token)
        outbox.schedule(db, JOB, args, key=live.order_id, due_at=due, unique_key=queries.timer_key(instance_id, token))
    if batch.dead_timers:
        await outbox.unschedule(db, [queries.timer_key(*place) for place in batch.dead_timers])
    tasks = [
        (new_id(), asked_by, batch.lives[asked_by].order_id, token, name, role, UserTaskState.OPEN, db.now, db.now)
        for (asked_by, token), (name, role) in batch.asked.items()
    ]
    await db.bulk_insert(UserTask, _TASK_COLUMNS, tasks)
    await _end_user_tasks(db, batch)


async def _raise_failures(db: Session, batch: Batch, before: set[UUID]) -> None:
    """An instance that fails is somebody's case until it goes on."""
    failed = [live for live in batch.lives.values() if live.state is InstanceState.FAILED and live.changed]
    cases = [
        NewCase(CaseKind.PROCESS_FAILED, str(live.id), live.order_id, {"process": live.key, "error": live.error})
        for live in failed
    ]
    if cases:
        await care.open_cases(db, cases, now=db.now)
    healed = before - {live.id for live in batch.lives.values() if live.state is InstanceState.FAILED}
    if healed:
        await care.settle_cases(db, [(CaseKind.PROCESS_FAILED, str(each)) for each in healed], now=db.now)


async def _end_user_tasks(db: Session, batch: Batch) -> None:
    if not batch.answered:
        return
    instances = {instance_id for instance_id, _ in batch.answered}
    open_tasks = sa.select(UserTask).where(UserTask.instance_id.in_(instances), UserTask.state == UserTaskState.OPEN)
    for task in await db.scalars(open_tasks.with_for_update()):
        ended = batch.answered.get((task.instance_id, task.token))
        if ended is not None:
            transition(db, task, ended[0], table=USER_TASK, now=db.now)
            task.outcome, task.done_at, task.done_by = ended[1], db.now, db.by


def _args(instance: Live | ProcessInstance, do: str, **more: Any) -> dict[str, Any]:
    return {"do": do, "instance_id": str(instance.id), "order_id": str(instance.order_id), **more}


def outcomes_of(name: str) -> frozenset[str]:
    """What may be answered to a task of that name."""
    return USER_TASKS.get(name, OUTCOMES)


def check_outcome(task: UserTask, outcome: str) -> None:
    """Raise `UserTaskDone` or `UnknownOutcome` where the task cannot be decided that way."""
    if task.state is not UserTaskState.OPEN:
        raise UserTaskDone("This is decided already.", path=("id",), state=task.state, outcome=task.outcome)
    allowed = sorted(outcomes_of(task.name))
    if outcome not in allowed:
        raise UnknownOutcome(f"{task.name} ends with {' or '.join(allowed)}.", path=("outcome",), allowed=allowed)


def complete_user_task(
    db: Session, task: UserTask, *, outcome: str, note: str | None, now: datetime, goes_on: bool = True
) -> None:
    """Decide a locked task; the process goes on with `decision`, unless an event will tell it.

    Raises `UserTaskDone`, `UnknownOutcome`.
    """
    check_outcome(task, outcome)
    if note is not None and len(note) > 500:
        raise InvalidInput("A note has at most 500 characters.", code="INVALID_NOTE", path=("note",))
    transition(db, task, UserTaskState.DONE, table=USER_TASK, now=now, reason=note)
    task.outcome, task.note, task.done_at, task.done_by = outcome, note or None, now, db.by
    if goes_on:
        args = {"do": "complete", "instance_id": str(task.instance_id), "order_id": str(task.order_id)}
        result = {"decision": outcome}
        outbox.schedule(db, JOB, {**args, "token": task.token, "result": result}, key=task.order_id)


def retry_process(db: Session, instance: ProcessInstance) -> None:
    """Ask again for the work that failed. Raises `NothingToRetry` when nothing has."""
    if instance.state is not InstanceState.FAILED:
        raise NothingToRetry("The process has not failed.", path=("id",), state=instance.state)
    outbox.schedule(db, JOB, _args(instance, "retry"), key=instance.order_id)


def cancel_process(db: Session, instance: ProcessInstance) -> None:
    """Stop an instance and undo its finished steps, last first. Raises `ProcessEnded`."""
    if instance.state in (InstanceState.FINISHED, InstanceState.CANCELED):
        raise ProcessEnded("The process is over.", path=("id",), state=instance.state)
    outbox.schedule(db, JOB, _args(instance, "cancel"), key=instance.order_id)
