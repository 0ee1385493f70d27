"""A desk of customer care: the people there, and what they do by pointer or Enter, counted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page, expect

from factories.auth import make_user
from frontend.visiting import Site
from kontor.auth.models import User
from kontor.auth.permissions import Role
from kontor.core.db import Database

AGENT, LEAD, OTHER = "cem@care.example", "clara@care.example", "franka@finance.example"


@dataclass
class Steps:
    """Counts what a person does by pointer or Enter; typing is free. Fails above `limit`."""

    limit: int
    taken: int = 0

    async def click(self, what: Locator) -> None:
        """One step by pointer."""
        self._count()
        await what.click()

    async def press(self, page: Page, keys: str) -> None:
        """One step by a key that does something."""
        self._count()
        await page.keyboard.press(keys)

    def _count(self) -> None:
        self.taken += 1
        assert self.taken <= self.limit, f"more than {self.limit} steps"


async def people(database: Database, language: str = "en") -> dict[str, User]:
    """An agent, a lead, and somebody of finance, who has no place here."""
    found: dict[str, User] = {}
    async with database.unit_of_work() as db:
        for role, email, name in (
            (Role.CARE_AGENT, AGENT, "Cem Aydin"),
            (Role.CARE_LEAD, LEAD, "Clara Behrens"),
            (Role.FINANCE, OTHER, "Franka Stein"),
        ):
            found[email] = await make_user(db, role=role, email=email, name=name, language=language)
    return found


async def opened(site: Site, path: str = "/care", *, who: str = AGENT, **looks: Any) -> Page:
    """A page of care as one of the people sees it."""
    page = await site.visit(path, **looks)
    await site.sign_in(page, who)
    await expect(page.locator("main")).not_to_be_empty()
    await page.wait_for_load_state("networkidle")  # nobody presses a key before they have seen the page
    return page


_SIGHT = """() => {
  const each = document.activeElement;
  if (each === document.body) return "nothing has the focus";
  const told = each.outerHTML.slice(0, 120);
  const look = (one) => getComputedStyle(one);
  const ringed = (one) => one && look(one).outlineStyle !== "none" && parseFloat(look(one).outlineWidth) > 0;
  if (!ringed(each) && !ringed(each.parentElement)) return `no ring: ${told}`;
  const { top, bottom, left, right } = each.getBoundingClientRect();
  if (bottom <= 0 || top >= innerHeight || right <= 0 || left >= innerWidth) return `out of sight: ${told}`;
  const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
  const over = [left + 3, (left + right) / 2, right - 3].map((x) => document.elementFromPoint(x, y));
  return over.some((one) => one && (each.contains(one) || one.contains(each))) ? "" : `covered: ${told}`;
}"""
FARTHEST = 90  # steps by Tab to anything
PATIENCE = 50  # tenths of a second


@dataclass
class Keys:
    """A person who has no pointer: after each key something has the focus, with a ring around it, in sight."""

    page: Page

    async def press(self, *keys: str) -> None:
        """Each key, one after the other."""
        for each in keys:
            await self.page.keyboard.press(each)
            await self.kept()

    async def type(self, text: str) -> None:
        """Into what has the focus."""
        await self.page.keyboard.type(text)
        await self.kept()

    async def to(self, what: Locator, *, back: bool = False) -> None:
        """By Tab to a thing, or back to it."""
        await what.wait_for()
        for _ in range(FARTHEST):
            await self.press("Shift+Tab" if back else "Tab")
            if await what.evaluate("each => each === document.activeElement"):
                return
        raise AssertionError(f"not reached by keys: {what}")

    async def kept(self) -> None:
        """The focus is somewhere, and seen."""
        fault = ""
        for _ in range(PATIENCE):  # what went away with the focus may still be followed by what comes
            fault = await self.page.evaluate(_SIGHT)
            if not fault:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(fault)
