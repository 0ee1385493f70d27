"""What must always hold, holds after every step of random lives of orders, on both databases."""

from __future__ import annotations

import os
import random

import pytest

from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.documents.rendering import Renderer
from kontor.notifications.ports import MessageSender
from proofs.order_machine import Broken, OrderMachine, PlainRenderer, Postbox
from support import Drain, StandingClock

SEQUENCES = int(os.environ.get("KONTOR_PROVE_SEQUENCES", "3"))
FIRST = int(os.environ.get("KONTOR_PROVE_SEED", "1"))
STEPS = int(os.environ.get("KONTOR_PROVE_STEPS", "30"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEQUENCES))
async def test_every_step_keeps_what_must_hold(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, seed: int
) -> None:
    post = Postbox()
    runtime.ports.register(Renderer, PlainRenderer())
    runtime.ports.register(MessageSender, post)
    machine = OrderMachine(database, drain, clock, random.Random(seed), post)
    try:
        await machine.run(STEPS)
    except BaseException as problem:
        steps = "\n".join(f"{number}. {each}" for number, each in enumerate(machine.log, 1))
        raise Broken(f"seed {seed}: {problem!r}\n{steps}") from problem
