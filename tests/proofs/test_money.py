"""Money adds up after every step of random lives of orders, and a return of everything ends at what was paid."""

from __future__ import annotations

import os
import random
from datetime import timedelta

import pytest

from kontor import bootstrap
from kontor.adapters.payments.http_gateway import HttpGateway
from kontor.bootstrap import GatewayConnection
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.documents.rendering import Renderer
from kontor.notifications.ports import MessageSender
from kontor.payments.ports import Abilities, PaymentGateway
from proofs.money_machine import MoneyMachine
from proofs.order_machine import Broken, PlainRenderer, Postbox
from support import Drain, StandingClock

SEQUENCES = int(os.environ.get("KONTOR_PROVE_MONEY", "2"))
FIRST = int(os.environ.get("KONTOR_PROVE_SEED", "1"))
STEPS = int(os.environ.get("KONTOR_PROVE_STEPS", "20"))
ONCE = Abilities(
    multi_capture=False, partial_refund=True, authorization_lifetime=timedelta(days=7), idempotent_keys=True
)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEQUENCES))
async def test_money_adds_up_and_everything_comes_back_but_what_a_rule_keeps(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, seed: int
) -> None:
    post = Postbox()
    runtime.ports.register(Renderer, PlainRenderer())
    runtime.ports.register(MessageSender, post)
    bank = runtime.ports.get(GatewayConnection)
    runtime.ports.register(PaymentGateway, HttpGateway(bank.client, abilities=ONCE), name="single")
    bootstrap.bind_gift_cards(runtime.ports, database)
    machine = MoneyMachine(database, drain, clock, random.Random(seed), post, runtime=runtime)
    try:
        await machine.run(STEPS)
    except BaseException as problem:
        steps = "\n".join(f"{number}. {each}" for number, each in enumerate(machine.log, 1))
        raise Broken(f"seed {seed}: {problem!r}\n{steps}") from problem
