"""Statements over processes, and what their tasks read of several packages at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.outbox import OutboxRow
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.core.statemachine import StateChange
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import OrderState
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind, TransactionState
from kontor.payments.states import PaymentMethodKind
from kontor.processes import engine
from kontor.processes.bpmn.model import Definition, Kind
from kontor.processes.errors import ProcessNotFound, UserTaskNotFound
from kontor.processes.library import library_of
from kontor.processes.messages import Wake
from kontor.processes.models import ProcessDefinition, ProcessInstance, UserTask
from kontor.processes.states import InstanceState, UserTaskState
from kontor.risk.values import PaymentFacts

WOKEN_AT_LEAST, WOKEN_AT_MOST = 50, 500
DECLINES_WITHIN = timedelta(hours=24)
SORTS: dict[str, Any] = {"STARTED_AT": ProcessInstance.started_at, "UPDATED_AT": ProcessInstance.updated_at}
DEFINITION_SORTS: dict[str, Any] = {"DEPLOYED_AT": ProcessDefinition.deployed_at, "KEY": ProcessDefinition.key}
TASK_SORTS: dict[str, Any] = {"CREATED_AT": UserTask.created_at, "UPDATED_AT": UserTask.updated_at}


@dataclass(frozen=True, slots=True)
class InstanceFilter:
    """Which instances are wanted; what is None does not narrow."""

    keys: Sequence[str] | None = None
    states: Sequence[InstanceState] | None = None
    order_id: UUID | None = None
    subject_id: UUID | None = None
    definition_id: UUID | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class UserTaskFilter:
    """Which tasks of people are wanted; what is None does not narrow."""

    states: Sequence[UserTaskState] | None = (UserTaskState.OPEN,)
    names: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    order_id: UUID | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is needed to say where an instance stands: its definition, and when its timers are due, by token."""

    definition: Definition
    due: Mapping[str, datetime]


def _visible(found: Any, column: Any, principal: Principal) -> Any:
    if not principal.restricted:
        return found
    return found.where(column.in_(orders.visible_to(principal).with_only_columns(Order.id)))


def instances_visible_to(principal: Principal) -> Any:
    """Instances of the orders a principal may see."""
    return _visible(sa.select(ProcessInstance), ProcessInstance.order_id, principal)


def instances_narrowed(found: Any, wanted: InstanceFilter) -> Any:
    """Of these instances the wanted ones."""
    return narrow(
        found,
        (ProcessInstance.key.in_, wanted.keys),
        (ProcessInstance.state.in_, wanted.states),
        (ProcessInstance.order_id.__eq__, wanted.order_id),
        (ProcessInstance.subject_id.__eq__, wanted.subject_id),
        (ProcessInstance.definition_id.__eq__, wanted.definition_id),
        (ProcessInstance.updated_at.__ge__, wanted.changed_since),
    )


async def list_instances(
    db: Session, wanted: InstanceFilter, page: PageRequest, *, sort: str = "UPDATED_AT", descending: bool = True
) -> Page[ProcessInstance]:
    """A page of the instances the principal of the session may see."""
    found = instances_narrowed(instances_visible_to(db.principal), wanted)
    return await paginate(db, found, choose(SORTS, sort, descending=descending), ProcessInstance.id, page)


async def find_instance(db: Session, instance_id: UUID) -> ProcessInstance | None:
    """An instance the principal of the session may see."""
    found = instances_visible_to(db.principal)
    row: ProcessInstance | None = await db.scalar(found.where(ProcessInstance.id == instance_id))
    return row


async def get_instance(db: Session, instance_id: UUID) -> ProcessInstance:
    """The same; raises `ProcessNotFound`."""
    row = await find_instance(db, instance_id)
    if row is None:
        raise ProcessNotFound("There is no such process instance.", path=("id",), process_id=str(instance_id))
    return row


async def lock_instance(db: Session, instance_id: UUID) -> ProcessInstance:
    """The same, its order locked first."""
    known = await get_instance(db, instance_id)
    await lock_order_channels(db, [known.order_id])
    row = await db.scalar(
        sa.select(ProcessInstance)
        .where(ProcessInstance.id == instance_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    assert row is not None, "instances are never deleted"
    return row


InstanceKey = tuple[UUID, UUID, tuple[str, ...]]
"""(instance, definition, tokens)."""


async def grounds_of(db: Session, keys: Sequence[InstanceKey]) -> list[Grounds]:
    """What says where instances stand, for each in its position; two statements for all."""
    library = library_of(db)
    await library.load(db, {definition_id for _, definition_id, _ in keys})
    names = {timer_key(instance_id, token): (instance_id, token) for instance_id, _, tokens in keys for token in tokens}
    due: dict[UUID, dict[str, datetime]] = {}
    for part in chunks(sorted(names)):
        rows = await db.execute(sa.select(OutboxRow.unique_key, OutboxRow.due_at).where(OutboxRow.unique_key.in_(part)))
        for row in rows:
            instance_id, token = names[row.unique_key]
            due.setdefault(instance_id, {})[token] = row.due_at
    return [
        Grounds(library.compiled[definition_id], due.get(instance_id, {})) for instance_id, definition_id, _ in keys
    ]


def standing_at(grounds: Grounds, tokens: Mapping[str, Any]) -> list[tuple[str, str, Kind, str, datetime | None]]:
    """Where the tokens stand, oldest first: token, node, kind, name, and when the timer there is due."""
    places = engine.places(grounds.definition, {"tokens": tokens})
    return [(each.token, each.node, each.kind, each.name, grounds.due.get(each.token)) for each in places]


async def histories(db: Session, ids: Sequence[UUID]) -> dict[UUID, list[StateChange]]:
    """The states things went through, oldest first."""
    found: dict[UUID, list[StateChange]] = {each: [] for each in ids}
    for part in chunks(in_key_order(ids)):
        rows = await db.scalars(
            sa.select(StateChange).where(StateChange.entity_id.in_(part)).order_by(StateChange.at, StateChange.id)
        )
        for row in rows:
            found[row.entity_id].append(row)
    return found


async def list_definitions(
    db: Session, page: PageRequest, *, key: str | None = None, sort: str = "DEPLOYED_AT", descending: bool = True
) -> Page[ProcessDefinition]:
    """Every version of every definition, newest first unless asked otherwise."""
    found = narrow(sa.select(ProcessDefinition), (ProcessDefinition.key.__eq__, key))
    return await paginate(db, found, choose(DEFINITION_SORTS, sort, descending=descending), ProcessDefinition.id, page)


def tasks_visible_to(principal: Principal) -> Any:
    """Tasks of the orders a principal may see."""
    return _visible(sa.select(UserTask), UserTask.order_id, principal)


def tasks_narrowed(found: Any, wanted: UserTaskFilter) -> Any:
    """Of these tasks the wanted ones."""
    return narrow(
        found,
        (UserTask.state.in_, wanted.states),
        (UserTask.name.in_, wanted.names),
        (UserTask.role.in_, wanted.roles),
        (UserTask.order_id.__eq__, wanted.order_id),
        (UserTask.updated_at.__ge__, wanted.changed_since),
    )


async def list_user_tasks(
    db: Session, wanted: UserTaskFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = False
) -> Page[UserTask]:
    """A page of what people have to decide, oldest first unless asked otherwise."""
    found = tasks_narrowed(tasks_visible_to(db.principal), wanted)
    return await paginate(db, found, choose(TASK_SORTS, sort, descending=descending), UserTask.id, page)


async def lock_user_task(db: Session, task_id: UUID) -> UserTask:
    """A task the principal of the session may see, its order locked first; raises `UserTaskNotFound`."""
    found = tasks_visible_to(db.principal).where(UserTask.id == task_id)
    known: UserTask | None = await db.scalar(found)
    if known is None:
        raise UserTaskNotFound("There is no such task.", path=("id",), user_task_id=str(task_id))
    await lock_order_channels(db, [known.order_id])
    row = await db.scalar(
        sa.select(UserTask).where(UserTask.id == task_id).with_for_update().execution_options(populate_existing=True)
    )
    assert row is not None, "user tasks are never deleted"
    return row


def timer_key(instance_id: UUID, token: str) -> str:
    """The name of a timer in the outbox."""
    return f"process:{instance_id}:{token}"


async def lock_order_channels(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Lock orders in key order without loading them; the channel of each that exists."""
    found = sa.select(Order.id, Order.channel_id).where(Order.id.in_(order_ids))
    rows = await db.execute(found.order_by(Order.id).with_for_update())
    return {row.id: row.channel_id for row in rows}


async def waiting_orders(db: Session, wakes: Sequence[Wake]) -> dict[UUID, list[UUID]]:
    """Orders that wait for goods that came, by variant: most important first, then oldest.

    Every order can use at least one piece, so no more than came are woken (but some, for not each can use them).
    """
    quantities: dict[UUID, int] = {}
    for wake in wakes:
        quantities[wake.variant_id] = quantities.get(wake.variant_id, 0) + wake.quantity
    found: dict[UUID, list[UUID]] = {}
    for variant_id, quantity in sorted(quantities.items()):
        waiting = (
            sa.select(Order.id)
            .join(OrderLine, OrderLine.order_id == Order.id)
            .where(
                OrderLine.variant_id == variant_id,
                # The very condition of the partial index of the waiting lines.
                OrderLine.ordered > OrderLine.canceled + OrderLine.allocated + OrderLine.shipped,
                Order.state.in_((OrderState.CONFIRMED, OrderState.IN_FULFILLMENT)),
            )
            .order_by(Order.priority.desc(), Order.placed_at, Order.id)
            .limit(max(WOKEN_AT_LEAST, min(quantity, WOKEN_AT_MOST)))
        )
        found[variant_id] = list(dict.fromkeys(await db.scalars(waiting)))
    return found


async def payment_facts(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> dict[UUID, PaymentFacts]:
    """What the payments of orders, and of their customers' orders of the last day, say about risk."""
    cards: dict[UUID, set[str]] = {}
    declines: dict[UUID, int] = {}
    other, own = sa.orm.aliased(Order), sa.orm.aliased(Order)
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(Payment.order_id, Payment.token, Payment.label).where(
                Payment.order_id.in_(part), Payment.kind == PaymentMethodKind.CARD
            )
        )
        for row in rows:
            cards.setdefault(row.order_id, set()).add(row.token or row.label or "")
        failed = (
            sa.select(own.id, sa.func.count())
            .join(other, other.customer_id == own.customer_id)
            .join(Payment, Payment.order_id == other.id)
            .join(PaymentTransaction, PaymentTransaction.payment_id == Payment.id)
            .where(
                own.id.in_(part),
                other.placed_at > now - DECLINES_WITHIN * 2,
                PaymentTransaction.kind == TransactionKind.AUTHORIZE,
                PaymentTransaction.outcome == TransactionState.FAILED,
                PaymentTransaction.created_at > now - DECLINES_WITHIN,
            )
            .group_by(own.id)
        )
        declines.update({order_id: int(count) for order_id, count in await db.execute(failed)})
    return {
        order_id: PaymentFacts(cards=len(cards.get(order_id, ())), declines=declines.get(order_id, 0))
        for order_id in {*cards, *declines}
    }
