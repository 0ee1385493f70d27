"""Labels from the request to the parcel: each made once, whatever becomes of the calls."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from carriers.dhl_server import API_KEY, USER, Dhl
from carriers.labeling import ADAPTERS, account, asked, label_of, packed, ready_to_leave
from factories.intake import make_company
from factories.partners import make_partner
from kontor.adapters.carriers.dhl_parcel_de import NAME, DhlParcelDe
from kontor.adapters.payments.wire import connect
from kontor.auth.permissions import DROPSHIPPER
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind
from kontor.carriers import outcomes, queries, service
from kontor.carriers.errors import CarrierNotFound, LabelFixed
from kontor.carriers.models import CarrierAccount, CarrierLabel
from kontor.carriers.ports import Carrier, Made, Refused
from kontor.carriers.service import AccountDraft
from kontor.carriers.states import LabelState
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM
from kontor.core.statemachine import transition
from kontor.documents.gs1 import is_sscc
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import PARCEL, FulfillmentState, ParcelState
from printing.sheets import Code, codes_of, sizes_of, texts_of
from support import Client, Drain, Principals, StandingClock

S = LabelState


async def test_an_own_label_bears_its_number_and_its_sscc(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    _, parcels = await packed(database, ParcelInput(weight_g=900), ParcelInput(weight_g=300))
    assert all(is_sscc(parcel.sscc or "") for parcel in parcels)
    await account(database)
    for parcel in parcels:
        await asked(database, parcel)
    assert await drain() == []
    given = {"fulfillmentOrderIds": [str(parcels[0].fulfillment_order_id)], "kinds": ["SHIPPING_LABEL"]}
    query = """mutation ($input: PrintDocumentsInput!) { printDocuments(input: $input) {
        ... on PrintBatch { url count missing { code } } } }"""
    for size, sheet in (("LABEL_100X150", (100, 150)), ("A4", (210, 297))):
        answer = await client.graphql(query, {"input": {**given, "size": size}}, principal=principals.admin)
        batch = answer["data"]["printDocuments"]
        assert (batch["count"], batch["missing"]) == (2, [])
        await drain()
        pdf = (await client.http.get(batch["url"], headers=client.acting(principals.admin))).content
        assert sizes_of(pdf) == [sheet, sheet]
        for index, (codes, parcel) in enumerate(zip(codes_of(pdf), parcels, strict=True), start=1):
            assert set(codes) == {
                Code("Code 128", f"NL{index:010d}"), Code("Code 128", f"(00){parcel.sscc}"),
            }  # fmt: skip
        assert "Paket 2 von 2" in texts_of(pdf)[1]
    _, kept = await label_of(database, (await asked(database, parcels[0])).id)
    assert (kept.carrier, kept.tracking_number, kept.state) == ("OWN", "NL0000000001", ParcelState.CREATED)


async def test_accounts_of_one_prefix_never_give_a_number_twice(database: Database, drain: Drain) -> None:
    _, parcels = await packed(database, ParcelInput(), ParcelInput())
    labels = []
    for code, parcel in zip(("own", "van"), parcels, strict=True):
        await account(database, code=code)
        labels.append((await asked(database, parcel, code)).id)
    await drain()
    numbers = [(await label_of(database, each))[1].tracking_number for each in labels]
    assert numbers == ["NL0000000001", "NL0000000002"]


async def test_label_that_was_taken_back_too_late_is_on_its_parcel(database: Database, drain: Drain) -> None:
    _, (parcel,) = await packed(database)
    await account(database)
    label = await asked(database, parcel)
    async with database.unit_of_work() as db:  # the carrier is being asked when it is taken back
        row = await queries.lock_label(db, label.id)
        row.called_at, row.cancel_asked = db.now, True
    made = Made(tracking_number=label.tracking_number or "", label=b"%PDF")
    async with database.unit_of_work() as db:
        await outcomes.end_made(db, label.id, made, None, tracks=True, now=db.now)  # type: ignore[arg-type]  # no paper here
    async with database.unit_of_work() as db:
        await outcomes.end_cancel(db, label.id, Refused("TOO_LATE", "On its way."), now=db.now)
    found, kept = await label_of(database, label.id)
    assert (found.state, kept.tracking_number) == (S.CREATED, label.tracking_number)


async def test_parcel_that_leaves_while_its_label_is_taken_back_keeps_its_number(
    database: Database, drain: Drain
) -> None:
    _, parcels = await packed(database, ParcelInput(), ParcelInput())
    await account(database)
    labels = [(await asked(database, parcel)).id for parcel in parcels]
    await drain()
    async with database.unit_of_work() as db:
        for label_id in labels:
            await service.cancel_label(db, label_id, now=db.now, principal=db.principal)
        gone = await db.get_one(Parcel, parcels[0].id)
        transition(db, gone, ParcelState.IN_TRANSIT, table=PARCEL, now=db.now)
    await drain()
    found = [await label_of(database, label_id) for label_id in labels]
    assert [label.state for label, _ in found] == [S.CANCELED, S.CANCELED]
    assert [parcel.tracking_number for _, parcel in found] == ["NL0000000001", None]


async def test_account_that_two_add_at_once_is_one(database: Database) -> None:
    async def save(name: str) -> None:
        draft = AccountDraft("own", name, "own", settings={"prefix": "NL"})
        await database.in_unit(SYSTEM, lambda db: service.save_account(db, draft, adapters=ADAPTERS, now=db.now))

    await asyncio.gather(*(save(f"Name {number}") for number in range(6)))
    async with database.read_only() as db:
        (name,) = await db.scalars(sa.select(CarrierAccount.name))
    assert name.startswith("Name ")


async def test_serials_of_parcels_packed_at_once_are_gapless_and_unique(database: Database) -> None:
    packs = await asyncio.gather(*(packed(database, *[ParcelInput()] * 3) for _ in range(4)))
    numbers = sorted(parcel.sscc or "" for _, parcels in packs for parcel in parcels)
    assert [int(number[8:17]) for number in numbers] == list(range(1, 13))
    assert all(number.startswith("04012345") and is_sscc(number) for number in numbers)


async def test_parcels_that_leave_unpacked_are_numbered_too(
    database: Database, client: Client, principals: Principals
) -> None:
    from factories.catalog import make_variant
    from factories.fulfillment import released
    from factories.intake import make_company, put_stock

    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db)
        (await db.get_one(LegalEntity, company.channel.legal_entity_id)).gs1_prefix = "4012345"
    await put_stock(database, company.warehouse.id, variant.id, 5)
    _, row_id = await released(database, company, (variant.sku, 1))
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
    answer = await client.graphql("{ parcels { nodes { sscc state } } }", principal=principals.admin)
    assert answer["data"]["parcels"]["nodes"] == [{"sscc": "040123450000000016", "state": "IN_TRANSIT"}]


async def test_dhl_makes_cancels_and_closes_out(
    database: Database, dhl: Dhl, drain: Drain, clock: StandingClock
) -> None:
    _, (parcel,) = await packed(database)
    await account(database, NAME)
    first = await asked(database, parcel, NAME)
    await drain()
    label, kept = await label_of(database, first.id)
    assert (label.state, kept.tracking_number) == (S.CREATED, next(iter(dhl.shipments)))
    assert dhl.shipments[kept.tracking_number or ""]["refNo"] == label.reference
    async with database.unit_of_work() as db:
        await service.cancel_label(db, first.id, now=db.now, principal=db.principal)
    await drain()
    label, kept = await label_of(database, first.id)
    assert (label.state, kept.tracking_number, dhl.shipments) == (S.CANCELED, None, {})
    second = await asked(database, parcel, NAME)
    await drain()
    async with database.unit_of_work() as db:
        (await db.get_one(Parcel, parcel.id)).state = ParcelState.IN_TRANSIT
    async with database.unit_of_work() as db:
        _, count = await service.close_out(db, NAME, principal=db.principal)
        assert count == 1
    await drain()
    label, _ = await label_of(database, second.id)
    assert (label.closed_at, len(dhl.closed)) == (clock.moment, 1)
    async with database.unit_of_work() as db:
        with pytest.raises(LabelFixed):
            await service.cancel_label(db, second.id, now=db.now, principal=db.principal)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    ("faults", "calls", "made"),
    [(["429"], 2, 1), (["500"], 2, 1), (["silent"], 2, 2)],
    ids=["limited", "broken", "silent after it was done"],
)
async def test_a_label_is_had_whatever_becomes_of_the_calls(
    database: Database, dhl: Dhl, drain: Drain, faults: list[str], calls: int, made: int
) -> None:
    _, (parcel,) = await packed(database)
    await account(database, NAME)
    dhl.faults = faults
    asking = await asked(database, parcel, NAME)
    await drain()
    label, kept = await label_of(database, asking.id)
    assert (label.state, len(dhl.calls), len(dhl.shipments)) == (S.CREATED, calls, made)
    assert kept.tracking_number == list(dhl.shipments)[-1]
    assert {each["refNo"] for each in dhl.shipments.values()} == {label.reference}


@pytest.mark.engine("sqlite")
async def test_what_dhl_refuses_is_said_in_its_words(database: Database, dhl: Dhl, drain: Drain) -> None:
    _, (light,) = await packed(database, ParcelInput(weight_g=0))
    _, (parcel,) = await packed(database)
    await account(database, NAME, settings={"billing_number": "too short"})
    weighed, wrong = await asked(database, light, NAME), await asked(database, parcel, NAME)
    await drain()
    label, _ = await label_of(database, weighed.id)
    assert (label.state, label.problem_code) == (S.REFUSED, "WEIGHT_NOT_CARRIED")
    label, kept = await label_of(database, wrong.id)
    assert (label.state, label.problem_code, label.problem) == (S.REFUSED, "VALIDATION", "billingNumber: pattern")
    assert kept.tracking_number is None
    await account(database, NAME)
    again = await asked(database, parcel, NAME)
    assert again.id != wrong.id


@pytest.mark.engine("sqlite")
async def test_wrong_credentials_wait_and_say_so(database: Database, dhl: Dhl, drain: Drain, runtime: Runtime) -> None:
    _, (parcel,) = await packed(database)
    await account(database, NAME)
    wrong = DhlParcelDe(connect(dhl.url), connect(dhl.url), api_key=API_KEY, user=USER, password="old")
    right = runtime.ports.get(Carrier, NAME)  # type: ignore[type-abstract]

    class Repaired:
        abilities = right.abilities
        tries = 0

        async def make_label(self, request: Any) -> Any:
            self.tries += 1
            return await (wrong if self.tries < 3 else right).make_label(request)

    runtime.ports.register(Carrier, Repaired(), name=NAME)
    label = await asked(database, parcel, NAME)
    await drain()
    assert (await label_of(database, label.id))[0].state is S.CREATED
    assert (dhl.calls.count("POST /orders"), len(dhl.shipments)) == (3, 1)
    await wrong.aclose()
    await right.aclose()  # type: ignore[attr-defined]


async def test_tracking_moves_parcels(database: Database, dhl: Dhl, drain: Drain, clock: StandingClock) -> None:
    row_id, (parcel,) = await ready_to_leave(database, await make_company(database), ParcelInput(weight_g=500))
    await account(database, NAME)
    label = await asked(database, parcel, NAME)
    await drain()
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id), now=db.now, how=How())
    number = next(iter(dhl.shipments))
    for code, hours, state in (
        ("transit", 5, ParcelState.IN_TRANSIT),
        ("failure", 5, ParcelState.EXCEPTION),
        ("transit", 5, ParcelState.IN_TRANSIT),
        ("transit", 24 * 5, ParcelState.EXCEPTION),  # nothing new for days
        ("delivered", 5, ParcelState.DELIVERED),
    ):
        moment = clock.moment if hours < 24 else clock.moment - timedelta(hours=5)
        dhl.statuses[number] = {"statusCode": code, "timestamp": moment.isoformat(), "description": code}
        clock.advance(hours=hours)
        await drain(recurring=True)
        assert (await label_of(database, label.id))[1].state is state, (code, hours)
    async with database.read_only() as db:
        assert (await db.get_one(FulfillmentOrder, row_id)).state is FulfillmentState.DELIVERED
        assert (await db.get_one(CarrierLabel, label.id)).track_at is None


async def test_a_parcel_that_comes_back_is_no_delivery(
    database: Database, dhl: Dhl, drain: Drain, clock: StandingClock
) -> None:
    """DHL flags a parcel on its way back, and says "delivered" of it when its sender has it again."""
    row_id, (parcel,) = await ready_to_leave(database, await make_company(database), ParcelInput(weight_g=500))
    await account(database, NAME)
    label = await asked(database, parcel, NAME)
    await drain()
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id), now=db.now, how=How())
    number = next(iter(dhl.shipments))
    dhl.going_back.add(number)
    for code, state in (("transit", ParcelState.EXCEPTION), ("delivered", ParcelState.RETURNED)):
        dhl.statuses[number] = {
            "statusCode": code,
            "timestamp": clock.moment.isoformat(),
            "description": "unknown here",
        }
        clock.advance(hours=5)
        await drain(recurring=True)
        assert (await label_of(database, label.id))[1].state is state
    clock.advance(hours=1)
    await drain(recurring=True)
    async with database.read_only() as db:
        assert (await db.get_one(FulfillmentOrder, row_id)).state is FulfillmentState.SHIPPED
        assert (await db.get_one(CarrierLabel, label.id)).track_at is None
        cases = await db.execute(sa.select(Case.kind, Case.state).where(Case.subject_key.endswith(str(parcel.id))))
    assert sorted(tuple(row) for row in cases) == [
        (CaseKind.LATE, CaseState.DONE), (CaseKind.UNDELIVERABLE, CaseState.OPEN),
    ]  # fmt: skip


@pytest.mark.engine("sqlite")
async def test_partners_use_their_own_accounts(database: Database, principals: Principals, client: Client) -> None:
    async with database.unit_of_work() as db:
        mine, other = await make_partner(db), await make_partner(db)
    _, (parcel,) = await packed(database, partner_id=mine.id)
    await account(database)
    with pytest.raises(CarrierNotFound):
        await asked(database, parcel)
    async with database.unit_of_work() as db:
        draft = AccountDraft("van", "Own van", "own", partner=mine.code)
        await service.save_account(db, draft, adapters=ADAPTERS, now=db.now)
    query = """mutation ($id: UUID!) { createLabel(parcelId: $id, carrier: "van") { __typename
        ... on CarrierLabel { id state } ... on Error { code path } } }"""
    for partner, answered in ((other, "NotFoundError"), (mine, "CarrierLabel")):
        principal = principals.holding(*DROPSHIPPER, partner_id=partner.id)
        answer = await client.graphql(query, {"id": str(parcel.id)}, principal=principal)
        assert answer["data"]["createLabel"]["__typename"] == answered
        listed = await client.graphql("{ carrierAccounts { code } }", principal=principal)
        assert [each["code"] for each in listed["data"]["carrierAccounts"]] == (["van"] if partner is mine else [])
