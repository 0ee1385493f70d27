"""Labels of returns: bought once from the carrier of the place, given to the customer; what fails is a case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.intake import Company, make_company, put_stock
from factories.returns import approved, delivered
from factories.stories import only
from kontor import relay
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.carriers import service as carriers
from kontor.carriers.ports import (
    Abilities,
    Carrier,
    CarrierOutcomeUnknown,
    CarrierUnavailable,
    Done,
    LabelRequest,
    Made,
    Refused,
)
from kontor.carriers.service import AccountDraft
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.documents.models import Document
from kontor.locations.models import StockLocation
from kontor.notifications.models import Notification, NotificationText
from kontor.returnlabels import queries
from kontor.returnlabels.choosing import settings_for
from kontor.returnlabels.models import ReturnLabel
from kontor.returnlabels.states import ReturnLabelState
from kontor.returns import service as returns
from kontor.returns.labels import renew_label
from kontor.returns.models import Return, ReturnPlaceDecision
from support import Client, Drain, Principals, StandingClock

S = ReturnLabelState
ASK = """mutation($id: UUID!) { requestReturnLabel(returnId: $id) {
  ... on ReturnLabel { state problem trackingNumber } ... on Error { code path } } }"""


class Picky:
    """A carrier that answers as it is told, one answer a call; what it was asked is kept."""

    abilities = Abilities()

    def __init__(self, *answers: Made | Refused | Exception) -> None:
        self.answers, self.asked = list(answers), list[LabelRequest]()
        self.taken_back = list[str]()
        self.takes_back: list[Done | Refused | Exception] = []

    async def make_label(self, request: LabelRequest) -> Made | Refused:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def cancel_label(self, request: LabelRequest, tracking_number: str) -> Done | Refused:
        answer = self.takes_back.pop(0) if self.takes_back else Done()
        if isinstance(answer, Exception):
            raise answer
        self.taken_back.append(tracking_number)
        return answer


@pytest.fixture(autouse=True)
def _nothing_else_reacts(runtime: Runtime) -> Iterator[None]:
    with only("returnlabels.want", "returnlabels.take_back", "care.raise", "notifications.tell"):
        yield


async def world(database: Database, adapter: str, **settings: Any) -> tuple[Company, UUID]:
    """An order of three that arrived, and an account that gives labels for returns."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP", weight_g=700)
        draft = AccountDraft("home", "Heim", adapter, settings={"returns": True, **settings})
        await carriers.save_account(db, draft, adapters=(adapter,), now=db.now)
    await put_stock(database, company.warehouse.id, variant.id, 5)
    return company, await delivered(database, company, ("LAMP", 3))


async def labels(database: Database, return_id: UUID) -> tuple[Return, ReturnLabel | None]:
    async with database.read_only() as db:
        return await db.get_one(Return, return_id), await queries.label_of(db, return_id)


async def cases(database: Database) -> list[tuple[str, CaseState]]:
    async with database.read_only() as db:
        found = await db.execute(sa.select(Case.kind, Case.state).where(Case.kind == "RETURN_LABEL"))
        return [(row.kind, row.state) for row in found]


def test_settings_for_returns_stand_in_place_of_the_others() -> None:
    assert settings_for({"product": "A", "prefix": "X", "returns": {"product": "B"}}) == {"product": "B", "prefix": "X"}
    assert settings_for({"product": "A", "returns": True}) == {"product": "A"}


async def test_approved_return_gets_its_label_and_the_customer_the_file(database: Database, drain: Drain) -> None:
    company, order_id = await world(database, "own", prefix="RT")
    back = await approved(database, order_id, 2, location_id=company.warehouse.id)
    assert await drain() == []
    found, label = await labels(database, back.id)
    assert label is not None
    assert (label.state, label.tracking_number, label.asked["weight_g"]) == (S.CREATED, "RT0000000001", 1400)
    assert (label.asked["sender"]["name"], label.asked["recipient"]["company"]) != ("", "")
    assert (found.label_tracking, found.label_document_id) == ("RT0000000001", label.document_id)
    async with database.read_only() as db:
        document = await db.get_one(Document, label.document_id)
        told = sa.select(NotificationText.attachments).join(Notification).where(
            Notification.template == "return_approved"
        )  # fmt: skip
        attached = [each for row in await db.scalars(told) for each in row]
    assert (document.kind, document.order_id) == ("RETURN_LABEL", order_id)
    assert str(label.document_id) in str(attached)
    async with database.unit_of_work() as db:  # renewed, it is the same label
        await renew_label(db, back.id, now=db.now)
    assert await drain() == []
    assert (await labels(database, back.id))[0].label_tracking == "RT0000000001"


async def test_what_a_carrier_refuses_is_a_case_and_asked_again_by_care(
    runtime: Runtime, database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    picky = Picky(
        Refused("ADDRESS", "No such street."), CarrierOutcomeUnknown("?"), Made("T-1", b"%PDF-1.4 label"),
    )  # fmt: skip
    runtime.ports.register(Carrier, picky, name="picky")
    company, order_id = await world(database, "picky")
    back = await approved(database, order_id, 1, location_id=company.warehouse.id)
    assert await drain() == []
    _, label = await labels(database, back.id)
    assert label is not None
    assert (label.state, label.problem) == (S.REFUSED, "No such street.")
    assert await cases(database) == [("RETURN_LABEL", CaseState.OPEN)]
    agent = principals.holding("care:write")
    for state, case in ((S.UNKNOWN, CaseState.OPEN), (S.CREATED, CaseState.DONE)):
        answer = await client.graphql(ASK, {"id": str(back.id)}, principal=agent)
        assert answer["data"]["requestReturnLabel"] == {"state": "REQUESTED", "problem": None, "trackingNumber": None}
        assert await drain() == []
        _, label = await labels(database, back.id)
        assert label is not None
        assert (label.state, await cases(database)) == (state, [("RETURN_LABEL", case)])
    again = await client.graphql(ASK, {"id": str(back.id)}, principal=agent)
    assert again["data"]["requestReturnLabel"]["trackingNumber"] == "T-1"
    assert len({request.reference for request in picky.asked}) == len(picky.asked) == 3


@pytest.mark.engine("sqlite")
async def test_place_without_such_a_carrier_buys_none(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    company, order_id = await world(database, "own", returns=False)
    back = await approved(database, order_id, 1, location_id=company.warehouse.id)
    assert await drain() == []
    assert (await labels(database, back.id))[1] is None
    answer = await client.graphql(ASK, {"id": str(back.id)}, principal=principals.admin)
    assert answer["data"]["requestReturnLabel"]["code"] == "NO_RETURN_CARRIER"


async def canceled(database: Database, return_id: UUID) -> None:
    async with database.unit_of_work() as db:
        await returns.cancel_return(db, return_id, reason="kept after all", now=db.now)


async def set_parcels(database: Database, company: Company, takes: bool) -> None:
    async with database.unit_of_work() as db:
        place = await db.get_one(StockLocation, company.warehouse.id)
        place.settings = {**place.settings, "return_parcels": takes}


@pytest.mark.engine("sqlite")
async def test_a_return_that_is_over_before_its_carrier_answers_gets_no_label(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    """Also when the person was erased since: nothing is left of the request then."""
    picky = Picky(CarrierUnavailable("away"), CarrierUnavailable("away"))
    runtime.ports.register(Carrier, picky, name="picky")
    company, order_id = await world(database, "picky")
    found = [await approved(database, order_id, 1, location_id=company.warehouse.id) for _ in range(2)]
    await drain()
    for back in found:
        await canceled(database, back.id)
    async with database.unit_of_work() as db:
        gone = sa.update(ReturnLabel).where(ReturnLabel.return_id == found[1].id)
        await db.execute(gone.values(asked={"carrier": ""}, called_at=db.now))
    await relay.hurry(runtime)
    assert await drain() == []
    assert [(await labels(database, back.id))[1].state for back in found] == [S.CANCELED] * 2  # type: ignore[union-attr]
    assert (len(picky.asked), picky.taken_back) == (2, [])


@pytest.mark.engine("sqlite")
async def test_the_label_of_a_canceled_return_goes_back_to_its_carrier(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    picky = Picky(*(Made(f"T-{number}", b"%PDF-1.4 label") for number in (1, 2, 3)))
    picky.takes_back = [CarrierUnavailable("away"), Done(), Refused("CLOSED", "It is closed out.")]
    runtime.ports.register(Carrier, picky, name="picky")
    company, order_id = await world(database, "picky")
    kept, refused, late = [await approved(database, order_id, 1, location_id=company.warehouse.id) for _ in range(3)]
    assert await drain() == []
    await canceled(database, kept.id)
    await drain()
    await relay.hurry(runtime)
    assert await drain() == []
    await canceled(database, refused.id)
    assert await drain() == []
    clock.advance(days=31)
    async with database.unit_of_work() as db:
        assert await returns.expire(db, late.id, now=db.now)
    assert await drain() == []
    states = [(await labels(database, back.id))[1] for back in (kept, refused, late)]
    assert [(label.state, label.problem) for label in states if label is not None] == [
        (S.CANCELED, None), (S.CREATED, "It is closed out."), (S.CREATED, None),
    ]  # fmt: skip
    assert len(picky.taken_back) == 2  # who sent it on the last day has a label that holds


@pytest.mark.engine("sqlite")
async def test_goods_that_are_brought_to_a_counter_need_no_label(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    company, order_id = await world(database, "own")
    named, chosen = [await approved(database, order_id, 1, location_id=company.warehouse.id) for _ in range(2)]
    async with database.unit_of_work() as db:
        record = {"chosen": {"location": str(company.warehouse.id), "way": "COUNTER"}}
        db.add(ReturnPlaceDecision(return_id=chosen.id, record=record, decided_at=db.now))
    answer = await client.graphql(ASK, {"id": str(chosen.id)}, principal=principals.admin)
    assert answer["data"]["requestReturnLabel"]["code"] == "RETURN_BY_COUNTER"
    await set_parcels(database, company, False)
    assert await drain() == []
    assert [(await labels(database, back.id))[1] for back in (named, chosen)] == [None, None]
