"""Gift cards as somebody who pays with them meets them: each step a unit of work of its own, done once."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from kontor.core.db import Database, Session
from kontor.core.principal import SYSTEM
from kontor.giftcards import service
from kontor.giftcards.values import Wish

T = TypeVar("T")


class GiftCardDesk:
    """Answers with the reference of the movement and its amount; raises `CardDeclined`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, code: str, wish: Wish, *, at_once: bool) -> tuple[str, int]:
        """Block an amount on the card of that code; `at_once` takes it in the same step."""

        async def work(db: Session) -> tuple[str, int]:
            made = await service.reserve(db, code, wish)
            if at_once:
                await db.flush()
                taken = Wish(f"{wish.key}/taken", wish.reference, wish.amount, wish.currency)
                await service.redeem(db, made.id, taken, final=True)
            return str(made.id), made.amount

        return await self._done(work)

    async def redeem(self, reservation: str, wish: Wish, *, final: bool) -> tuple[str, int]:
        """Take of what was reserved."""

        async def work(db: Session) -> tuple[str, int]:
            made = await service.redeem(db, UUID(reservation), wish, final=final)
            return str(made.id), made.amount

        return await self._done(work)

    async def release(self, reservation: str, wish: Wish) -> tuple[str, int]:
        """Free what is left of a reservation."""

        async def work(db: Session) -> tuple[str, int]:
            made = await service.release(db, UUID(reservation), wish)
            return str(made.id), made.amount

        return await self._done(work)

    async def give_back(self, reservation: str, wish: Wish) -> tuple[str, int]:
        """Put back what was redeemed."""

        async def work(db: Session) -> tuple[str, int]:
            made = await service.give_back(db, UUID(reservation), wish)
            return str(made.id), made.amount

        return await self._done(work)

    async def _done(self, work: Callable[[Session], Awaitable[T]]) -> T:
        return await self._database.in_unit(SYSTEM, work)
