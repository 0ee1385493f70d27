"""Visits of a site: pages that note every complaint of the browser and are checked by axe."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from factories.auth import PASSWORD
from support import StandingClock

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@dataclass
class Site:
    """Where the application is, and what browsers complained of that no test expected."""

    address: str
    browser: Browser
    clock: StandingClock
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    contexts: list[BrowserContext] = field(default_factory=list)

    async def visit(self, path: str, *, size: Any = WIDE, dark: bool = False, language: str = "en-GB") -> Page:
        """A page in a browser of its own; its clock shows the moment of the test."""
        context = await self.browser.new_context(
            viewport=size, color_scheme="dark" if dark else "light", locale=language, base_url=self.address
        )
        self.contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda problem: self.complaints.append(f"error: {problem}"))
        page.on("request", self._asked)
        await page.clock.set_fixed_time(self.clock.moment)
        await page.goto(path)
        return page

    async def sign_in(self, page: Page, email: str) -> None:
        """Sign in on the page that is shown."""
        await page.get_by_label("Email").or_(page.get_by_label("E-Mail")).fill(email)
        await page.locator("input[type=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.locator("header").first.wait_for()

    async def close(self) -> None:
        """Close what is open."""
        for context in self.contexts:
            await context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        text = f"{message.type}: {message.text}"
        if message.type in ("error", "warning") and not any(part in text for part in self.expected):
            self.complaints.append(text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"asked a stranger: {request.url}")


async def faults(page: Page) -> list[str]:
    """What axe finds by the rules of WCAG 2.2 A and AA."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found = await page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES)
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]


async def overflows(page: Page) -> bool:
    """Whether the page is wider than its window."""
    wider: bool = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wider
