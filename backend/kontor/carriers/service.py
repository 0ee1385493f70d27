"""Accounts and labels: what is wanted is written here, `jobs.py` speaks to the carriers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.carriers import queries
from kontor.carriers.errors import AnotherLabel, CarrierInactive, CarrierNotFound, LabelFixed
from kontor.carriers.events import LabelCanceled
from kontor.carriers.models import CarrierAccount, CarrierLabel
from kontor.carriers.states import LABEL, LIVE, LabelState
from kontor.channels.branding import brands_of_channels, shown_on_papers
from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core import numbering
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule
from kontor.core.principal import SYSTEM, Principal
from kontor.core.statemachine import change_row, transition
from kontor.fulfillment.errors import ParcelNotFound
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.states import ParcelState
from kontor.locations.models import StockLocation
from kontor.orders.models import Order
from kontor.partners.models import Partner

S = LabelState
REQUEST, CANCEL, CLOSE_OUT = "carriers.request", "carriers.cancel", "carriers.close_out"
SIZES = ((100, 150), (103, 199))
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PREFIX = re.compile(r"[A-Z0-9]{0,10}")


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """A carrier account as it is given; `partner` and `location` are codes."""

    code: str
    name: str
    adapter: str
    partner: str | None = None
    location: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    active: bool = True


async def save_account(db: Session, draft: AccountDraft, *, adapters: Sequence[str], now: datetime) -> CarrierAccount:
    """Add or change an account by its code; `adapters` are those this installation speaks through."""
    if not _CODE.fullmatch(draft.code):
        raise InvalidInput("Small letters, digits and hyphens.", code="INVALID_CODE", path=("code",))
    if not 1 <= len(draft.name.strip()) <= 60:
        raise InvalidInput("1 to 60 characters.", code="INVALID_TEXT", path=("name",))
    if draft.adapter not in adapters:
        raise InvalidInput(
            "This installation speaks to no such carrier.", code="UNKNOWN_ADAPTER", path=("adapter",),
            known=", ".join(adapters),
        )  # fmt: skip
    if not _PREFIX.fullmatch(str(draft.settings.get("prefix", ""))):
        raise InvalidInput("At most 10 capitals and digits.", code="INVALID_CODE", path=("settings", "prefix"))
    owner = {
        "partner_id": await _id_of(db, Partner, draft.partner, "partner"),
        "location_id": await _id_of(db, StockLocation, draft.location, "location"),
    }
    values = {
        "name": draft.name.strip(), "adapter": draft.adapter, "settings": dict(draft.settings), "active": draft.active,
    }  # fmt: skip
    row = await db.scalar(sa.select(CarrierAccount).where(CarrierAccount.code == draft.code).with_for_update())
    if row is None:
        row = CarrierAccount(id=new_id(), code=draft.code, created_at=now, updated_at=now, **owner, **values)
        db.add(row)
    else:
        for name, value in (owner | values).items():
            setattr(row, name, value)
        row.updated_at = now
    await db.flush()
    return row


async def _id_of(db: Session, model: Any, code: str | None, path: str) -> UUID | None:
    if code is None:
        return None
    found: UUID | None = await db.scalar(sa.select(model.id).where(model.code == code))
    if found is None:
        raise InvalidInput(f"There is no such {path}.", code="UNKNOWN_REFERENCE", path=(path,))
    return found


async def create_label(
    db: Session,
    parcel_id: UUID,
    carrier: str,
    *,
    size_mm: tuple[int, int],
    own_numbers: Mapping[str, bool],
    now: datetime,
    principal: Principal,
) -> CarrierLabel:
    """Ask a carrier for the label of a parcel; the job that speaks to it follows the commit.

    The same again is the label that is there. `own_numbers` says by adapter whether tracking numbers are ours to give.
    Raises `ParcelNotFound`, `CarrierNotFound`, `CarrierInactive`, `AnotherLabel` or `LabelFixed`.
    """
    parcel, row = await queries.lock_parcel(db, parcel_id, principal)
    if parcel.state is ParcelState.VOIDED:
        raise ParcelNotFound("There is no such parcel.", path=("parcelId",))
    found = sa.select(CarrierAccount).where(CarrierAccount.code == carrier, queries.for_work(row))
    account = await db.scalar(found)
    if account is None:
        raise CarrierNotFound("There is no such carrier for this place.", path=("carrier",))
    present = await queries.live_label(db, parcel.id)
    if present is not None:
        if present.account_id != account.id:
            raise AnotherLabel("The parcel has a label of another carrier.", path=("carrier",))
        return present
    if not account.active:
        raise CarrierInactive("This carrier account is switched off.", path=("carrier",))
    if parcel.state is not ParcelState.CREATED:
        raise LabelFixed("The parcel is on its way already.", path=("parcelId",))
    label_id = new_id()
    number = await own_number(db, account) if own_numbers.get(account.adapter) else None
    label = CarrierLabel(
        id=label_id, account_id=account.id, parcel_id=parcel.id, fulfillment_order_id=row.id, state=S.REQUESTED,
        reference=label_id.hex, asked=await _asked(db, parcel, row, account, size_mm), tracking_number=number,
        created_at=now, updated_at=now,
    )  # fmt: skip
    db.add(label)
    await db.flush()
    db.note_state(change_row("carrier_label", label.id, None, S.REQUESTED, now=now, by=db.by))
    schedule(db, REQUEST, {"label_id": label.id}, key=label.id)
    return label


async def own_number(db: Session, account: CarrierAccount) -> str:
    """The next number of a prefix and ten digits; accounts that share the prefix share its range: no number twice."""
    prefix = account.settings.get("prefix") or "KON"
    serial = await numbering.take(db, f"tracking/{prefix}")
    return f"{prefix}{serial:010d}"


async def _asked(
    db: Session, parcel: Parcel, row: FulfillmentOrder, account: CarrierAccount, size_mm: tuple[int, int]
) -> dict[str, Any]:
    """The request as it is kept: what was true when the label was asked for."""
    order = await db.get_one(Order, row.order_id)
    place = await db.get_one(StockLocation, row.location_id)
    channel = await db.get_one(SalesChannel, order.channel_id)
    entity = await db.get_one(LegalEntity, channel.legal_entity_id)
    brand = (await brands_of_channels(db, [channel.id])).get(channel.id)
    language = order.language if order.language in ("de", "en") else "en"
    siblings = list(
        await db.scalars(
            sa.select(Parcel.id)
            .where(Parcel.fulfillment_order_id == row.id, Parcel.state != ParcelState.VOIDED)
            .order_by(Parcel.id)
        )
    )
    return {
        "carrier": account.name,
        "settings": account.settings,
        "sender": {
            "company": entity.name, "street": place.street or entity.street,
            "postal_code": place.postal_code or entity.postal_code, "city": place.city or entity.city,
            "country": place.country,
        },
        "recipient": order.shipping_address or order.billing_address,
        "weight_g": parcel.weight_g,
        "asked_on": local_day(db.now, place.timezone).isoformat(),
        "order_number": order.number,
        "language": language,
        "size_mm": list(size_mm),
        "sscc": parcel.sscc or "",
        "parcel": [siblings.index(parcel.id) + 1, len(siblings)],
        "brand": shown_on_papers(brand, channel.name, entity.brand_color, entity.id, language),
    }  # fmt: skip


async def cancel_label(db: Session, label_id: UUID, *, now: datetime, principal: Principal) -> CarrierLabel:
    """Take a label back: at once while no carrier was asked, else with the carrier by a job.

    Said twice, it is done once. Raises `LabelNotFound`, or `LabelFixed` for one that is used or closed out. That of a
    parcel that was voided, because the goods left in others, can go back: nobody uses it.
    """
    seen = await db.scalar(queries.labels_visible_to(principal).where(CarrierLabel.id == label_id))
    parcel = (await queries.lock_parcel(db, seen.parcel_id, principal))[0] if seen is not None else None
    label = await queries.lock_label(db, label_id, principal)
    if label.state in (S.CANCELED, S.CANCELING, S.REFUSED):
        return label
    unused = parcel is not None and parcel.state in (ParcelState.CREATED, ParcelState.VOIDED)
    if label.closed_at is not None or parcel is None or not unused:
        raise LabelFixed("The label can no longer be taken back.", path=("id",))
    await _take_back(db, label, parcel, now=now)
    return label


async def take_back_voided(db: Session, parcel_ids: Sequence[UUID], *, now: datetime) -> None:
    """Take the labels of voided parcels back, each as `cancel_label` would; those that are closed out stay."""
    for label_id in await queries.labels_to_take_back(db, parcel_ids):
        parcel_id = (await db.get_one(CarrierLabel, label_id)).parcel_id
        parcel, _ = await queries.lock_parcel(db, parcel_id, SYSTEM)
        label = await queries.lock_label(db, label_id)
        waits = label.state in LIVE and label.state is not S.CANCELING and label.closed_at is None
        if waits and parcel.state is ParcelState.VOIDED:
            await _take_back(db, label, parcel, now=now)


async def _take_back(db: Session, label: CarrierLabel, parcel: Parcel, *, now: datetime) -> None:
    label.updated_at = now
    if label.state is S.UNKNOWN or (label.state is S.REQUESTED and label.called_at is None):
        await end_canceled(db, label, parcel, now=now)
    elif label.state is S.REQUESTED:
        label.cancel_asked = True  # the carrier is being asked: taken back as soon as the outcome is known
    else:
        begin_cancel(db, label, now=now)


def begin_cancel(db: Session, label: CarrierLabel, *, now: datetime) -> None:
    """Write the intent to take a label back with the carrier."""
    transition(db, label, S.CANCELING, table=LABEL, now=now)
    schedule(db, CANCEL, {"label_id": label.id}, key=label.id)


async def end_canceled(db: Session, label: CarrierLabel, parcel: Parcel, *, now: datetime) -> None:
    """The label counts for nothing any more, and a parcel that is still here has no number.

    One that left meanwhile keeps it: the number is on the box, and the customer was told it.
    """
    transition(db, label, S.CANCELED, table=LABEL, now=now)
    here = parcel.state in (ParcelState.CREATED, ParcelState.VOIDED)
    if here and parcel.tracking_number is not None and parcel.tracking_number == label.tracking_number:
        parcel.carrier = parcel.tracking_number = parcel.tracking_url = None
        parcel.updated_at = now
    row = await db.get_one(FulfillmentOrder, label.fulfillment_order_id)
    record(
        db,
        LabelCanceled(
            stream_id=row.order_id, label_id=label.id, parcel_id=parcel.id, fulfillment_order_id=row.id
        ),
    )  # fmt: skip


async def close_out(db: Session, carrier: str, *, principal: Principal) -> tuple[CarrierAccount, int]:
    """Announce all parcels with a label of this account that left and were not announced yet: how many wait."""
    found = queries.accounts_visible_to(principal).where(CarrierAccount.code == carrier)
    account: CarrierAccount | None = await db.scalar(found)
    if account is None:
        raise CarrierNotFound("There is no such carrier.", path=("carrier",))
    count = await db.scalar(sa.select(sa.func.count()).select_from(open_labels(account.id).subquery()))
    if count:
        schedule(db, CLOSE_OUT, {"account_id": account.id}, key=account.id)
    return account, int(count or 0)


def open_labels(account_id: UUID) -> sa.Select[UUID]:
    """Labels of parcels that were handed over and not closed out; voided ones never leave."""
    return (
        sa.select(CarrierLabel.id)
        .join(Parcel, Parcel.id == CarrierLabel.parcel_id)
        .where(
            CarrierLabel.account_id == account_id,
            CarrierLabel.state == S.CREATED,
            CarrierLabel.closed_at.is_(None),
            Parcel.state.not_in([ParcelState.CREATED, ParcelState.VOIDED]),
        )
        .order_by(CarrierLabel.id)
    )
