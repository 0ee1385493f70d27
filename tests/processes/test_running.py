"""What a process survives: being killed, failing, being redefined while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from factories.processes import (
    cases_of,
    instances_of,
    make_store,
    order_one,
    order_state,
    rewired,
    send,
    ship_all,
    standing,
    told,
)
from kontor import relay
from kontor.core.db import Database
from kontor.core.errors import Conflict
from kontor.core.jobs import Runtime
from kontor.core.outbox import OutboxRow
from kontor.orders.intake import PaymentInput
from kontor.processes import library, service
from kontor.processes.errors import UnrunnableDefinition
from kontor.processes.models import ProcessDefinition
from kontor.processes.states import InstanceState
from kontor.processes.work import Answers, Subject, TaskRun
from support import Drain, StandingClock

CARD = (PaymentInput("CARD", 1000, token="tok_visa"),)
ORDER = (library.SHIPPED / "order.bpmn").read_bytes()


async def test_work_that_was_cut_off_is_done_once(
    database: Database, drain: Drain, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, variant = await make_store(database)
    calls: list[int] = []

    async def cut_off(run: TaskRun, subjects: Sequence[Subject]) -> Answers | None:
        answers = await confirm(run, subjects)
        calls.append(len(subjects))
        if len(calls) == 1:
            raise RuntimeError("the power went out")
        return answers

    confirm = rewired(monkeypatch, "confirm_order", cut_off)
    order_id = await order_one(database, company, variant, payments=CARD)
    failed = await drain()
    assert [(each.job, each.attempts) for each in failed] == [("processes.advance", 1)]
    assert await order_state(database, order_id) == "RECEIVED"
    await relay.hurry(runtime)
    assert await drain() == []
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    assert (calls, await told(database, "OrderConfirmed")) == ([1, 1], 1)


async def test_one_bad_order_does_not_stop_its_neighbors(
    database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, variant = await make_store(database)
    ids = [await order_one(database, company, variant) for _ in range(3)]

    async def picky(run: TaskRun, subjects: Sequence[Subject]) -> Answers | None:
        answers = await release(run, subjects)
        if any(each.order_id == ids[1] for each in subjects):
            raise Conflict("This one never.", code="NEVER")
        return answers

    release = rewired(monkeypatch, "release_order", picky)
    assert await drain() == []
    assert [await order_state(database, order_id) for order_id in ids] == [
        "IN_FULFILLMENT", "CONFIRMED", "IN_FULFILLMENT",
    ]  # fmt: skip
    (instance,) = await instances_of(database, ids[1])
    assert (instance.state, instance.error) == (InstanceState.FAILED, "release_order: NEVER. This one never")
    assert await cases_of(database, ids[1]) == [("PROCESS_FAILED", "OPEN")]
    monkeypatch.undo()
    await send(database, service.retry_process, instance.id)
    assert await drain() == []
    assert await order_state(database, ids[1]) == "IN_FULFILLMENT"
    assert await cases_of(database, ids[1]) == [("PROCESS_FAILED", "DONE")]
    assert (await instances_of(database, ids[1]))[0].error is None


async def test_unforeseen_failure_becomes_an_incident_after_some_tries(
    database: Database, drain: Drain, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, variant = await make_store(database)

    async def broken(run: TaskRun, subjects: Sequence[Subject]) -> Answers | None:
        raise KeyError("missing")

    rewired(monkeypatch, "authorize_payment", broken)
    order_id = await order_one(database, company, variant)
    assert [each.attempts for each in await drain()] == [1]
    await relay.hurry(runtime)
    assert [each.attempts for each in await drain()] == [2]
    await relay.hurry(runtime)
    assert await drain() == []
    (instance,) = await instances_of(database, order_id)
    assert instance.state is InstanceState.FAILED
    assert instance.error == "authorize_payment: UNEXPECTED. KeyError('missing')"


async def test_happening_without_a_way_on_is_kept_and_repeated(
    database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, variant = await make_store(database)

    async def silent(run: TaskRun, subjects: Sequence[Subject]) -> Answers | None:
        return {each: {} for each in subjects}

    assess = rewired(monkeypatch, "assess_risk", silent)
    order_id = await order_one(database, company, variant)
    assert await drain() == []
    (instance,) = await instances_of(database, order_id)
    assert instance.state is InstanceState.FAILED
    assert instance.error is not None
    assert instance.error.startswith("EXPRESSION_FAILED")
    rewired(monkeypatch, "assess_risk", assess)
    async with database.unit_of_work() as db:
        row = await db.get_one(type(instance), instance.id)
        row.data = {**row.data, "variables": {"decision": "ACCEPT"}}
    await send(database, service.retry_process, instance.id)
    assert await drain() == []
    assert await order_state(database, order_id) == "IN_FULFILLMENT"


async def test_running_instance_keeps_its_version(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    old = await order_one(database, company, variant)
    await drain()
    shorter = ORDER.replace(
        b'sourceRef="before_release" targetRef="release_order"',
        b'sourceRef="before_release" targetRef="release_order" ',
    )
    async with database.unit_of_work() as db:
        await service.deploy(db, shorter, now=db.now)
    new = await order_one(database, company, variant)
    await drain()
    versions = []
    for order_id in (old, new):
        await ship_all(database, order_id)
        await drain()
        async with database.read_only() as db:
            instance = (await instances_of(database, order_id))[0]
            versions.append((await db.get_one(ProcessDefinition, instance.definition_id)).version)
    assert versions == [1, 2]


async def test_definitions_are_deployed_once_and_only_when_they_can_run(database: Database) -> None:
    async with database.unit_of_work() as db:
        first = await service.deploy_shipped(db, now=db.now)
        assert [row.id for row in await service.deploy_shipped(db, now=db.now)] == [row.id for row in first]
        with pytest.raises(UnrunnableDefinition) as refused:
            await service.deploy(db, ORDER.replace(b'"settle_payments" kontor', b'"x" kontor').replace(
                b'kontor:task="settle_payments"', b'kontor:task="print_money"'), now=db.now)  # fmt: skip
    assert refused.value.params["unknown"] == {"tasks": ["print_money"]}


async def test_channel_chooses_its_own_process(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database, processes={"order": "order_b2b"})
    async with database.unit_of_work() as db:
        await service.deploy(db, ORDER.replace(b'process id="order"', b'process id="order_b2b"'), now=db.now)
    order_id = await order_one(database, company, variant)
    await drain()
    (instance, _) = await instances_of(database, order_id)
    async with database.read_only() as db:
        assert (await db.get_one(ProcessDefinition, instance.definition_id)).key == "order_b2b"
    assert instance.key == "order"


async def test_timer_of_a_step_that_is_over_is_taken_back(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant)
    await drain()
    async with database.read_only() as db:
        timers = set(await db.scalars(sa.select(OutboxRow.unique_key).where(OutboxRow.job == service.JOB)))
    await ship_all(database, order_id)
    await drain()
    async with database.read_only() as db:
        left = set(await db.scalars(sa.select(OutboxRow.unique_key).where(OutboxRow.job == service.JOB)))
    assert len(timers) == 1
    assert not timers & left
    assert await drain(until=clock.moment + timedelta(days=31)) == []
    assert await order_state(database, order_id) == "COMPLETED"


async def test_canceled_process_undoes_its_steps(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant, payments=CARD)
    await drain()
    instance = (await instances_of(database, order_id))[0]
    await send(database, service.cancel_process, instance.id)
    assert await drain() == []
    assert (await instances_of(database, order_id))[0].state is InstanceState.CANCELED
    assert await standing(database, order_id) == []
    assert await told(database, "PaymentVoided") == 1
