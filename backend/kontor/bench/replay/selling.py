"""A day of recorded orders worked by their sellers: each with a key of its own, through what the portal offers them.

The shop, the carrier and care act as in every replay. A seller reads its own inbox, accepts or rejects, ships, answers
cancellations and decides about what comes back; what belongs to another seller must not be there for it.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

import sqlalchemy as sa

from kontor.auth.clients import ApiClientInput, create_api_client
from kontor.auth.permissions import GRANTABLE, ClientKind
from kontor.bench.replay.client import REFUSED, Api, all_at_once
from kontor.bench.replay.dataset import DataSet
from kontor.bench.replay.installation import Installation
from kontor.bench.replay.operations import PAGE, Announced, Operations, Work
from kontor.core.clock import wall
from kontor.partners.models import Partner

T = TypeVar("T")
_ONE = "query($id: UUID!) { fulfillmentOrder(id: $id) { id } }"
_RETURNS = (
    "query($first: Int!, $after: String) { partnerReturns(filter: {phases: [ANNOUNCED, ARRIVED]}, first: $first, "
    f"after: $after) {{ nodes {{ id lines {{ id quantity }} }} {PAGE} }} }}"
)
_DECIDE = (
    "mutation($id: UUID!, $pieces: [PieceDecisionInput!]!) { decideReturn(id: $id, pieces: $pieces) "
    f"{{ __typename {REFUSED} }} }}"
)


class Trespass(RuntimeError):
    """A seller was shown what belongs to another; the message says what."""


class Desk(Operations):
    """What one seller does, by its own key."""

    async def reads(self, work_id: str) -> bool:
        """Whether the seller is shown this work."""
        return (await self._api.run(_ONE, {"id": work_id}))["fulfillmentOrder"] is not None

    async def decide(self) -> int:
        """Everything that came back is as new; how many returns there were."""
        found = await self._api.pages(_RETURNS, "partnerReturns", {})
        for each in found:
            pieces = [
                {"lineId": line["id"], "quantity": line["quantity"], "condition": "NEW", "accepted": True}
                for line in each["lines"]
            ]
            await self._api.run(_DECIDE, {"id": each["id"], "pieces": pieces}, once=True)
        return len(found)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()


class Sellers(Operations):
    """The calls of a replay, those of the sellers by their own keys; `hidden` counts the work they asked for in vain,
    `decided` the returns they decided about.

    Raises `Trespass` when one is shown what is not its own.
    """

    def __init__(
        self, api: Api, skus: Mapping[tuple[str, str], str], locations: Mapping[str, str], desks: Mapping[str, Desk]
    ) -> None:
        super().__init__(api, skus, locations)
        self._desks = desks
        self.hidden = self.decided = 0

    async def open_work(self, since: datetime) -> list[Work]:
        """What is new in the inboxes of all sellers; each tries what the next one got, too."""
        found: list[Work] = []

        async def look(part: Sequence[str]) -> None:
            (seller,) = part
            for work in await self._desks[seller].open_work(since):
                if work.location != seller:
                    raise Trespass(f"seller {seller} has work of {work.location} in its inbox: {work.id}")
                found.append(work)

        await all_at_once(sorted(self._desks), 1, look)
        found.sort(key=lambda work: work.id)
        for work, other in pairwise([*found, *found[:1]]):
            if work.location == other.location:
                continue
            if await self._desks[work.location].reads(other.id):
                raise Trespass(f"seller {work.location} can read {other.id} of {other.location}")
            self.hidden += 1
        return found

    async def accept(self, part: Sequence[Work]) -> None:
        """Each seller takes on its own."""
        for desk, works in self._by_desk(part, lambda work: work.location):
            await desk.accept(works)

    async def ship(self, part: Sequence[tuple[Work, datetime]]) -> None:
        """Each seller sends its own."""
        for desk, works in self._by_desk(part, lambda each: each[0].location):
            await desk.ship(works)

    async def refuse(self, part: Sequence[Work]) -> None:
        """Each seller says that it has none."""
        for desk, works in self._by_desk(part, lambda work: work.location):
            await desk.refuse(works)

    async def agree(self, work: Work) -> None:
        """The seller that was asked agrees to a cancellation."""
        await self._desks[work.location].agree(work)

    async def take_back(self, announced: Announced) -> None:
        """Each seller decides about what came back to it."""
        for place in sorted({place for _, place in announced.pieces}):
            count = await self._desks[self._codes[place]].decide()
            self.decided += count

    def _by_desk(self, part: Sequence[T], place_of: Callable[[T], str]) -> list[tuple[Desk, list[T]]]:
        found: dict[str, list[T]] = defaultdict(list)
        for each in part:
            found[place_of(each)].append(each)
        return [(self._desks[seller], works) for seller, works in sorted(found.items())]


@contextlib.asynccontextmanager
async def opened(
    installation: Installation, data: DataSet, locations: Mapping[str, str]
) -> AsyncIterator[dict[str, Desk]]:
    """A desk with a key for each seller that sold something."""
    sellers = sorted({seller for _, seller in data.offers()})
    scopes = frozenset(str(permission) for permission in GRANTABLE[ClientKind.PARTNER])
    desks: dict[str, Desk] = {}
    async with installation.database.unit_of_work() as db:
        ids = {row.code: row.id for row in await db.execute(sa.select(Partner.code, Partner.id))}
        for seller in sellers:
            asked = ApiClientInput(f"Seller {seller[:8]}", ClientKind.PARTNER, scopes, partner_id=ids[seller])
            made = await create_api_client(db, asked, now=wall())
            api = Api(installation.stack.base_url, made.client.client_id, made.secret, clients=1)
            desks[seller] = Desk(api, data.skus(), locations)
    try:
        yield desks
    finally:
        for desk in desks.values():
            await desk.aclose()
