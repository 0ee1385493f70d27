"""Every page of care about an order that has lived: in both languages, light and dark, wide, narrow and at 400 %."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest
from playwright.async_api import Page, expect

from frontend.care.desk import opened
from frontend.care.lived import Lived, lived, people
from frontend.care.seeing import oddities
from frontend.care.test_states import led
from frontend.visiting import NARROW, WIDE, Site, faults, overflows
from kontor.core.db import Database
from support import Drain, StandingClock

pytestmark = pytest.mark.engine("sqlite")
ZOOMED = {"width": 320, "height": 256}  # 1280 × 1024 at 400 %
TABLET, LARGE = {"width": 768, "height": 1024}, {"width": 1920, "height": 1080}
PARTS = 8  # headings of an order that has everything


def pages_of(it: Lived) -> Mapping[str, tuple[str, str]]:
    """Every page, with its forms begun: the address, and what is there when it is whole."""
    order, preview = f"/care/orders/{it.number}", "main form .panel :is(dl, ul)"
    refund, lines = f"{order}/refund?do", f"&lines={it.line_id}:1"
    return {
        "start": ("/care", "main .badge"),
        "customer": (f"/care/customers/{it.customer_id}", "main #orders"),
        "order": (order, "main .timeline li"),
        "hits": ("/care/?q=fock", "main .hits.below"),
        "change": (f"{order}/change?do=address", "main .address"),
        "return": (f"{refund}=return{lines}", preview),
        "claim": (f"{refund}=claim{lines}", preview),
        "goodwill": (f"{refund}=goodwill", preview),
        "refund": (f"{refund}=refund", "main form [name=chargeId]"),
        "money": (f"{order}/money", "main .panel dl"),
        "contacts": (f"{order}/contacts?channel=EMAIL", "main .said"),
        "why": (f"{order}/why", "main .rounds"),
        "queues": (f"/care/queues?case={it.case_id}", "main .panel dl"),
    }


async def come(page: Page, address: str, whole: str) -> None:
    """To a page, until everything of it is there."""
    await led(page, address)
    await page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 0)))")
    await expect(page.locator(whole).first).to_be_visible()
    await expect(page.locator("main h1")).to_be_visible()
    await expect(page.locator("main .skeleton, main [aria-busy=true]")).to_have_count(0)


async def narrow(page: Page, size: Mapping[str, int], *, dark: bool) -> list[str]:
    """Whether the page is wider than a window of this size."""
    await page.emulate_media(color_scheme="dark" if dark else "light")
    await page.set_viewport_size({"width": size["width"], "height": size["height"]})
    return [f"wider than {size['width']}"] if await overflows(page) else []


async def picture(page: Page, name: str) -> None:
    """A picture of a page where somebody wants to look."""
    if folder := os.environ.get("KONTOR_PICTURES"):
        await page.screenshot(path=f"{folder}/page-{name}.png", full_page=True)


async def test_every_page_in_every_look(database: Database, site: Site, drain: Drain, clock: StandingClock) -> None:
    it = await lived(database, drain, clock)
    await people(database)
    found: dict[str, list[str]] = {}
    for language, locale, dark in (("de", "de-DE", False), ("en", "en-GB", True)):
        page = await opened(site, who=f"{language}@care.example", language=locale, dark=dark)
        for name, (address, whole) in pages_of(it).items():
            await narrow(page, WIDE, dark=dark)
            await come(page, address, whole)
            seen = await oddities(page, language)
            seen += await narrow(page, WIDE, dark=dark)
            await picture(page, f"{name}-{language}-wide")
            # By axe once in each theme: both are the same words, and narrow tables are other ones than wide ones.
            if language == "de":
                seen += await faults(page)
            if name == "order":
                await expect(page.locator("main h2")).to_have_count(PARTS)
                seen += [each for size in (TABLET, LARGE) for each in await narrow(page, size, dark=dark)]
            seen += await narrow(page, NARROW, dark=not dark)
            await picture(page, f"{name}-{language}-narrow")
            if language == "de":
                seen += await faults(page) + await narrow(page, ZOOMED, dark=True)
            if seen:
                found[f"{name} {language}"] = seen
        await page.close()
    assert found == {}
