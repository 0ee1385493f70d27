"""A small believable company, made through the services in seconds: masters, people, thirty days of orders.

Owns no table. `load` is what `kontor run` and `kontor seed` call.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from kontor import bootstrap
from kontor.channels.models import SalesChannel
from kontor.core.clock import wall
from kontor.core.jobs import Runtime
from kontor.demo import masters
from kontor.demo.calling import Caller
from kontor.demo.story import StoryClock, Teller
from kontor.relay import drain

if TYPE_CHECKING:
    from kontor.settings import Settings

SIGN_INS = Path("var/demo-sign-ins.json")


async def load(settings: Settings, *, only_when_empty: bool = False) -> bool:
    """Load the company into the database of the settings; False when there is one and only an empty one is wanted.

    The passwords are kept beside the database, so that `kontor run` can print them again.
    """
    runtime = bootstrap.build(settings)
    try:
        async with runtime.database.read_only() as db:
            filled = await db.scalar(sa.select(sa.func.count()).select_from(SalesChannel))
        if filled and only_when_empty:
            return False
        sign_ins = await tell(runtime)
        _keep(sign_ins)
        return True
    finally:
        await bootstrap.close(runtime)


def _keep(sign_ins: dict[str, str]) -> None:
    SIGN_INS.parent.mkdir(parents=True, exist_ok=True)
    SIGN_INS.write_text(json.dumps(sign_ins, indent=1))
    SIGN_INS.chmod(0o600)


async def tell(runtime: Runtime, *, per_day: int = 9) -> dict[str, str]:
    """Masters, people and the story; the sign-ins: email to password."""
    clock = StoryClock(wall())
    runtime.database.clock = clock
    sign_ins = await masters.load(Caller(runtime))
    await drain(runtime)
    await Teller(runtime, clock).tell(per_day)
    return sign_ins
