"""A desk of customer care: the people there, and what they do by pointer or Enter, counted."""

from __future__ import annotations

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
    return page
