"""What changes is seen without asking: in one tab or several, over one socket, after a socket that broke."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from factories.fulfillment import released
from frontend.test_portal_orders import inbox, supplier
from frontend.visiting import Site
from kontor.core.db import Database

pytestmark = pytest.mark.engine("sqlite")
WITHIN = 3_000  # milliseconds
COUNT_TONES = """
  window.tones = 0;
  window.OscillatorNode = class extends OscillatorNode { start(at) { window.tones += 1; super.start(at); } };
"""


async def shows(page: Page, orders: int, within: float = WITHIN) -> None:
    await expect(page.get_by_role("row", name="Hamburg")).to_have_count(orders, timeout=within)


def sockets(page: Page) -> list[Any]:
    found: list[Any] = []
    page.on("websocket", lambda opened: found.append(opened))
    return found


async def test_new_order_comes_by_itself_into_every_tab_over_one_socket_and_calls_who_wants_it(
    database: Database, site: Site
) -> None:
    company, email = await supplier(database)
    first = await inbox(site, email)
    second = await first.context.new_page()
    await second.add_init_script(COUNT_TONES)
    opened = sockets(second)
    await second.clock.set_fixed_time(site.clock.moment)
    await second.goto("/portal/orders")
    await expect(second.get_by_role("heading", name="All new orders are answered")).to_be_visible()
    await second.get_by_label("Call me for new orders").check()
    await second.evaluate("document.hasFocus = () => false")
    await released(database, company, ("LAMP", 1))
    await asyncio.gather(shows(first, 1), shows(second, 1))
    await expect(second).to_have_title("(1) Orders · Kontor")
    await expect(first).to_have_title("Orders · Kontor")  # looked at
    assert await second.evaluate("tones") == 4  # the sample and the order, two tones each
    assert opened == []
    await second.reload()
    await expect(second.get_by_label("Call me for new orders")).to_be_checked()

    # The tab that led is closed: the other one takes over and misses nothing.
    await first.close()
    await released(database, company, ("LAMP", 1))
    await shows(second, 2)
    await second.get_by_role("button", name="Sign out").click()
    await expect(second.get_by_label("Password")).to_be_visible()
    async with asyncio.timeout(10):
        while not all(each.is_closed() for each in opened):
            await second.wait_for_timeout(50)


async def test_what_happens_while_the_socket_is_away_is_caught_up(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    page = await site.visit("/portal")
    routes: list[WebSocketRoute] = []
    away = False

    async def route(socket: WebSocketRoute) -> None:
        routes.append(socket)
        if away:
            await socket.close()
        else:
            socket.connect_to_server()

    await page.route_web_socket("**/graphql", route)
    await site.sign_in(page, email)
    await expect(page.get_by_role("heading", name="All new orders are answered")).to_be_visible()
    await released(database, company, ("LAMP", 1))
    await shows(page, 1)
    away = True
    await routes[0].close()
    await released(database, company, ("LAMP", 1))
    async with asyncio.timeout(20):
        while len(routes) < 2:
            await page.wait_for_timeout(50)
    away = False
    await shows(page, 2, within=20_000)
    assert len(routes) >= 2
