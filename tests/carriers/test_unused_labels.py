"""Labels of parcels that never left, and carriers that tell nothing of theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from carriers.dhl_server import Dhl
from carriers.labeling import OWN, account, asked, label_of, ready_to_leave
from factories.intake import make_company
from kontor.adapters.carriers.dhl_parcel_de import NAME
from kontor.carriers import jobs, outcomes, queries, service
from kontor.carriers.models import CarrierLabel
from kontor.carriers.ports import Abilities, Carrier, CarrierUnavailable, Made
from kontor.carriers.states import LabelState
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.fulfillment.errors import ParcelNotFound
from kontor.fulfillment.models import Parcel
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import ParcelState
from support import Drain, StandingClock

S = LabelState


async def test_labels_of_parcels_that_never_left_go_back(database: Database, dhl: Dhl, drain: Drain) -> None:
    """Packed in two, sent in one: nobody announces the two, and nobody pays for their labels."""
    parts = [ParcelInput(weight_g=500)] * 2
    row_id, parcels = await ready_to_leave(database, await make_company(database), *parts)
    await account(database, NAME)
    labels = [(await asked(database, parcel, NAME)).id for parcel in parcels]
    await drain()
    assert len(dhl.shipments) == 2
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id, parcels=(ParcelInput("Van", "V-1"),)), now=db.now, how=How())
    async with database.unit_of_work() as db:
        assert (await service.close_out(db, NAME, principal=db.principal))[1] == 0
        assert await queries.labels_of(db, [row_id]) == {}
    assert await drain() == []
    found = [await label_of(database, each) for each in labels]
    assert [(label.state, parcel.state) for label, parcel in found] == [(S.CANCELED, ParcelState.VOIDED)] * 2
    assert (dhl.shipments, dhl.closed) == ({}, set())


async def test_labels_are_taken_back_in_whatever_state_they_are_when_the_parcel_is_voided(
    database: Database, dhl: Dhl, drain: Drain
) -> None:
    """One whose carrier is being asked, one that waits to be asked, and one that is taken back by hand."""
    parts = [ParcelInput(weight_g=500)] * 3
    _, parcels = await ready_to_leave(database, await make_company(database), *parts)
    await account(database, NAME)
    calling, waiting, by_hand = [(await asked(database, parcel, NAME)).id for parcel in parcels]
    async with database.unit_of_work() as db:
        (await queries.lock_label(db, calling)).called_at = db.now
        for parcel in parcels:
            (await db.get_one(Parcel, parcel.id)).state = ParcelState.VOIDED
    async with database.unit_of_work() as db:
        made = Made(tracking_number="00340434", label=b"%PDF")
        await outcomes.end_made(db, calling, made, None, tracks=True, now=db.now)  # type: ignore[arg-type]  # no paper
        await service.take_back_voided(db, [parcels[1].id], now=db.now)
        await service.cancel_label(db, by_hand, now=db.now, principal=db.principal)
        with pytest.raises(ParcelNotFound):
            await service.create_label(
                db, parcels[2].id, NAME, size_mm=(100, 150), own_numbers=OWN, now=db.now, principal=db.principal
            )
    assert await drain() == []
    assert [(await label_of(database, each))[0].state for each in (calling, waiting, by_hand)] == [S.CANCELED] * 3
    assert dhl.calls.count("POST /orders") == 0


class Away:
    """A carrier that tracks and cannot be reached."""

    abilities = Abilities(tracks=True)
    asked = 0

    async def track(self, tracking_number: str) -> None:
        self.asked += 1
        raise CarrierUnavailable("Not reached.")


async def test_carriers_that_tell_nothing_do_not_keep_others_from_being_asked(
    database: Database, dhl: Dhl, drain: Drain, runtime: Runtime, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for one a run: a carrier without tracking is never asked again, one that is away goes to the end."""
    monkeypatch.setattr(jobs, "TRACKED_AT_ONCE", 1)
    away, company, labels = Away(), await make_company(database), {}
    runtime.ports.register(Carrier, away, name="away")  # it is only asked where parcels are
    for code in ("own", "away", NAME):
        row_id, (parcel,) = await ready_to_leave(database, company, ParcelInput(weight_g=500))
        await account(database, NAME if code == NAME else "own", code=code)
        labels[code] = (await asked(database, parcel, code)).id
        await drain()
        async with database.unit_of_work() as db:
            await ship(db, Shipping(row_id), now=db.now, how=How())
    async with database.unit_of_work() as db:
        own, gone = await db.get_one(CarrierLabel, labels["own"]), await db.get_one(CarrierLabel, labels["away"])
        assert own.track_at is None
        own.track_at, gone.track_at = db.now - timedelta(days=3), db.now - timedelta(days=2)  # as written before
        await service.save_account(db, service.AccountDraft("away", "Away", "away"), adapters=["away"], now=db.now)
    number = next(iter(dhl.shipments))
    dhl.statuses[number] = {"statusCode": "transit", "timestamp": clock.moment.isoformat(), "description": "transit"}
    for told in ((None, 0, None), (None, 1, None), (None, 1, "UNDER_WAY")):
        clock.advance(minutes=15)
        await drain(recurring=True)
        async with database.read_only() as db:
            track_at = (await db.get_one(CarrierLabel, labels["own"])).track_at
            progress = (await db.get_one(CarrierLabel, labels[NAME])).progress
        assert (track_at, away.asked, progress) == told
