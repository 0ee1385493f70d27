"""Two agents, a customer and a dropshipper at the same second on one order: nothing is lost and nobody is lied to."""

from __future__ import annotations

import os
import random

from kontor.core.db import Database
from proofs.same_second import race, set_table
from support import Client, Drain, Principals, StandingClock

ROUNDS = int(os.environ.get("KONTOR_PROVE_RACES", "4"))
FIRST = int(os.environ.get("KONTOR_PROVE_SEED", "1"))


async def test_four_who_act_at_the_same_second_each_get_a_truthful_answer(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock
) -> None:
    table = await set_table(database, client, drain, principals, clock)
    for seed in range(FIRST, FIRST + ROUNDS):
        try:
            await race(table, random.Random(seed))
        except BaseException as problem:
            raise AssertionError(f"seed {seed}: {problem!r}") from problem
