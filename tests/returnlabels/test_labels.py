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
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.carriers import service as carriers
from kontor.carriers.ports import Abilities, Carrier, CarrierOutcomeUnknown, LabelRequest, Made, Refused
from kontor.carriers.service import AccountDraft
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.documents.models import Document
from kontor.notifications.models import Notification, NotificationText
from kontor.returnlabels import queries
from kontor.returnlabels.choosing import settings_for
from kontor.returnlabels.models import ReturnLabel
from kontor.returnlabels.states import ReturnLabelState
from kontor.returns import service as returns
from kontor.returns.models import Return
from support import Client, Drain, Principals

S = ReturnLabelState
ASK = """mutation($id: UUID!) { requestReturnLabel(returnId: $id) {
  ... on ReturnLabel { state problem trackingNumber } ... on Error { code path } } }"""


class Picky:
    """A carrier that answers as it is told, one answer a call; what it was asked is kept."""

    abilities = Abilities()

    def __init__(self, *answers: Made | Refused | Exception) -> None:
        self.answers, self.asked = list(answers), list[LabelRequest]()

    async def make_label(self, request: LabelRequest) -> Made | Refused:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _nothing_else_reacts(runtime: Runtime) -> Iterator[None]:
    with only("returnlabels.want", "care.raise", "notifications.tell"):
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
        await returns.renew_label(db, back.id, now=db.now)
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
