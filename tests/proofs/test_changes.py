"""A preview of a change is what is booked, to the cent, whatever promotions, payments, prices and tax rates are."""

from __future__ import annotations

import os
import random

import pytest

from kontor import bootstrap
from kontor.adapters.payments.http_gateway import HttpGateway
from kontor.bootstrap import GatewayConnection
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.documents.rendering import Renderer
from kontor.notifications.ports import MessageSender
from kontor.payments.ports import PaymentGateway
from proofs.exchange_machine import ExchangeMachine
from proofs.order_machine import Broken, PlainRenderer, Postbox
from proofs.test_money import ONCE
from support import Drain, StandingClock

SEQUENCES = int(os.environ.get("KONTOR_PROVE_CHANGES", "1"))
ENGINES = ("sqlite", "postgresql") if "KONTOR_PROVE_CHANGES" in os.environ else ("postgresql",)  # at length on both
FIRST = int(os.environ.get("KONTOR_PROVE_SEED", "1"))
STEPS = int(os.environ.get("KONTOR_PROVE_STEPS", "8"))


@pytest.mark.engine(*ENGINES)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEQUENCES))
async def test_what_is_previewed_is_booked(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, seed: int
) -> None:
    post = Postbox()
    runtime.ports.register(Renderer, PlainRenderer())
    runtime.ports.register(MessageSender, post)
    bank = runtime.ports.get(GatewayConnection)
    runtime.ports.register(PaymentGateway, HttpGateway(bank.client, abilities=ONCE), name="single")
    bootstrap.bind_gift_cards(runtime.ports, database)
    machine = ExchangeMachine(database, drain, clock, random.Random(seed), post, runtime=runtime)
    try:
        await machine.run(STEPS)
    except BaseException as problem:
        steps = "\n".join(f"{number}. {each}" for number, each in enumerate(machine.log, 1))
        raise Broken(f"seed {seed}: {problem!r}\n{steps}") from problem
