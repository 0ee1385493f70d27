"""What care waits for: the page of an order that has lived its whole life, asked as the page itself asks for it."""

from __future__ import annotations

import random
import re
import time

import httpx
import sqlalchemy as sa

from kontor import bootstrap
from kontor.bench.report import Figure
from kontor.core.db import Database
from kontor.orders.models import Order
from kontor.orders.states import OrderState

QUESTIONS = bootstrap.project_root() / "frontend" / "care" / "operations" / "order.js"
ASKED, WARM = 300, 20
_CONSTANT = re.compile(r"^(?:export )?const (\w+) =\s*(?:`([^`]*)`|\"([^\"]*)\");", re.MULTILINE)


def question(text: str) -> str:
    """The document `ORDER` of the page's questions, with those it is made of put in.

    >>> question('const SUM = "{ amount }";\\nexport const ORDER = `query { order { total ${SUM} } }`;')
    'query { order { total { amount } } }'
    """
    found: dict[str, str] = {}
    for name, template, plain in _CONSTANT.findall(text):
        found[name] = re.sub(r"\$\{(\w+)\}", lambda part: found[part[1]], template or plain)
    return found["ORDER"]


async def pages(url: str, client: httpx.AsyncClient) -> Figure:
    """The page of completed orders at the API, one request after the other. Raises `RuntimeError` for a refusal."""
    database = Database(url)
    try:
        async with database.read_only() as db:
            found = sa.select(Order.number).where(Order.state == OrderState.COMPLETED).order_by(Order.id).limit(5000)
            numbers = list(await db.scalars(found))
    finally:
        await database.close()
    document, chance = question(QUESTIONS.read_text(encoding="utf-8")), random.Random("pages")
    times: list[float] = []
    for number in chance.choices(numbers, k=WARM + ASKED):
        begun = time.perf_counter()
        answer = await client.post("/graphql", json={"query": document, "variables": {"number": number}})
        times.append((time.perf_counter() - begun) * 1000)
        if answer.json().get("errors"):
            raise RuntimeError(answer.text[:1000])
    times = sorted(times[WARM:])
    return Figure(
        "page of an order in customer care: p95",
        f"{times[int(len(times) * 0.95)]:.0f} ms",
        goal="≤ 150 ms",
        note=f"p50 {times[len(times) // 2]:.0f} ms, {ASKED} pages of completed orders one after the other",
    )
