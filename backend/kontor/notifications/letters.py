"""Letters to partners and to our own people about work that waits; several facts of one run make one letter.

A letter's Message-ID follows from the facts it tells. It is written down with whom it goes to and handed over to be
sent, in the transaction that is done with these facts: sent again it is the same one, word for word.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from kontor.auth.models import User
from kontor.auth.permissions import Role
from kontor.channels.models import LegalEntity
from kontor.core.db import Session
from kontor.core.outbox import Item, schedule
from kontor.dropship.models import Objection
from kontor.fulfillment.models import FulfillmentOrder
from kontor.locations.models import StockLocation
from kontor.notifications.ports import OutgoingMessage, message_id_of
from kontor.notifications.rendering import MessageBrand, render_message
from kontor.orders.models import Order
from kontor.partners.models import Partner

JOB = "notifications.send_letter"
_DEADLINES = ("FulfillmentEscalated", "FulfillmentOverdue")


@dataclass(frozen=True, slots=True)
class Place:
    """Where pages are, and the domain of our Message-IDs."""

    base_url: str
    domain: str


async def letters_to_staff(db: Session, items: Sequence[Item], place: Place) -> list[OutgoingMessage]:
    """One letter about passed deadlines, and one for each objection, to everybody who runs operations.

    Cases of care whose deadline passed are told to those who lead it.
    """
    to_leads = await letters_to_leads(db, items, place)
    items = [item for item in items if item.event != "CaseEscalated"]
    if not items:
        return to_leads
    late = [item for item in items if item.event in _DEADLINES]
    found = await _Known.of(db, items)
    letters: list[OutgoingMessage] = []
    for person in await _people(db, Role.OPERATIONS):
        to = (person.email, person.name, person.language)
        if late:
            rows = [row for item in late if (row := found.late_row(item)) is not None]
            if rows:
                listed = {"rows": rows, "url": f"{place.base_url}/admin/partners"}
                letters.append(_letter("letters/work_late", to, listed, found, late, place))
        for item in items:
            if item.event == "ObjectionMade" and (about := found.objection(item)) is not None:
                about["url"] = f"{place.base_url}/admin/partners?partner={item.key}&tab=figures"
                letters.append(_letter("letters/objection_made", to, about, found, [item], place))
    return [*to_leads, *letters]


async def letters_to_leads(db: Session, items: Sequence[Item], place: Place) -> list[OutgoingMessage]:
    """One letter about the cases whose deadline has passed to everybody who leads customer care."""
    late = [item for item in items if item.event == "CaseEscalated"]
    if not late:
        return []
    found = await _Known.of(db, late)
    orders = await db.execute(sa.select(Order.id, Order.number).where(Order.id.in_({item.key for item in late})))
    numbers = {row.id: row.number for row in orders}
    owners = {UUID(item.args["owner_id"]) for item in late if item.args.get("owner_id")}
    people = await db.execute(sa.select(User.id, User.name).where(User.id.in_(owners)))
    names = {str(row.id): row.name for row in people}
    zone = ZoneInfo(await db.scalar(sa.select(LegalEntity.timezone).order_by(LegalEntity.code).limit(1)) or "UTC")
    rows = [
        {
            "number": numbers.get(item.key, "") if item.key else "", "kind": str(item.args["kind"]),
            "due_at": datetime.fromisoformat(item.args["due_at"]).astimezone(zone),
            "owner": names.get(str(item.args.get("owner_id")), ""),
        }
        for item in late
    ]  # fmt: skip
    listed = {"rows": rows, "url": f"{place.base_url}/care/queues?queue=ESCALATED"}
    return [
        _letter("letters/cases_late", (person.email, person.name, person.language), listed, found, late, place)
        for person in await _people(db, Role.CARE_LEAD)
    ]


async def letters_to_partners(db: Session, items: Sequence[Item], place: Place) -> list[OutgoingMessage]:
    """What a partner is told; one without an address of its own is told in its portal alone."""
    found = await _Known.of(db, items)
    letters = await _invitations(db, items, found, place)
    for item in items:
        partner = found.partners.get(item.key) if item.key is not None else None
        if partner is None or not partner.email:
            continue
        to = (partner.email, partner.name, partner.language)
        if item.event == "PartnerReminded":
            zone = found.zones.get(partner.id, "UTC")
            rows = [
                {"number": row["number"], "due_at": datetime.fromisoformat(row["due_at"]).astimezone(ZoneInfo(zone))}
                for row in item.args["fulfillment_orders"]
            ]
            about: dict[str, Any] = {"rows": rows, "url": f"{place.base_url}/portal/orders"}
            letters.append(_letter("letters/answers_due", to, about, found, [item], place))
        elif item.event == "ObjectionDecided" and (said := found.objection(item)) is not None:
            said.pop("partner")
            about = {**said, "url": f"{place.base_url}/portal/performance", **found.decision(item)}
            letters.append(_letter("letters/objection_decided", to, about, found, [item], place))
    return letters


async def _invitations(db: Session, items: Sequence[Item], found: "_Known", place: Place) -> list[OutgoingMessage]:
    invited = [item for item in items if item.event == "PartnerPersonInvited"]
    ids = {UUID(item.args["user_id"]) for item in invited}
    people = {row.id: row for row in await db.scalars(sa.select(User).where(User.id.in_(ids), User.active))}
    letters = []
    for item in invited:
        person, partner = people.get(UUID(item.args["user_id"])), found.partners.get(item.key)
        if person is None or partner is None:
            continue
        about = {"partner": partner.name, "url": f"{place.base_url}/portal"}
        to = (person.email, person.name, person.language)
        letters.append(_letter("letters/partner_invited", to, about, found, [item], place))
    return letters


@dataclass(slots=True)
class _Known:
    """Rows the letters speak of, each read in one statement."""

    orders: Mapping[UUID, FulfillmentOrder]
    partners: Mapping[UUID | None, Partner]
    zones: Mapping[UUID | None, str]
    objections: Mapping[UUID, Objection]
    brand: MessageBrand

    @classmethod
    async def of(cls, db: Session, items: Sequence[Item]) -> "_Known":
        ids = {UUID(item.args["fulfillment_order_id"]) for item in items if "fulfillment_order_id" in item.args}
        rows = await db.scalars(sa.select(FulfillmentOrder).where(FulfillmentOrder.id.in_(ids)))
        orders = {row.id: row for row in rows}
        wanted = {row.partner_id for row in orders.values()} | {item.key for item in items}
        partners = await db.scalars(sa.select(Partner).where(Partner.id.in_([each for each in wanted if each])))
        places = await db.execute(
            sa.select(StockLocation.partner_id, sa.func.min(StockLocation.timezone))
            .where(StockLocation.partner_id.in_([each for each in wanted if each]))
            .group_by(StockLocation.partner_id)
        )
        named = {UUID(item.args["objection_id"]) for item in items if "objection_id" in item.args}
        objections = await db.scalars(sa.select(Objection).where(Objection.id.in_(named)))
        entity = await db.scalar(sa.select(LegalEntity.name).order_by(LegalEntity.code).limit(1))
        return cls(
            orders, {row.id: row for row in partners}, {row[0]: row[1] for row in places},
            {row.id: row for row in objections}, MessageBrand(name=entity or "Kontor"),
        )  # fmt: skip

    def late_row(self, item: Item) -> dict[str, Any] | None:
        """A passed deadline as the letter lists it."""
        row = self.orders.get(UUID(item.args["fulfillment_order_id"]))
        if row is None:
            return None
        answer = item.event == "FulfillmentEscalated"
        partner, due = self.partners.get(row.partner_id), row.due_at if answer else row.ship_due_at
        if partner is None or due is None:
            return None
        local = due.astimezone(ZoneInfo(self.zones.get(row.partner_id, "UTC")))
        return {
            "number": row.number, "partner": partner.name, "due_at": local, "what": "ANSWER" if answer else "SHIP",
        }  # fmt: skip

    def objection(self, item: Item) -> dict[str, Any] | None:
        """What an objection is about."""
        row = self.orders.get(UUID(item.args["fulfillment_order_id"]))
        partner = self.partners.get(item.key)
        if row is None or partner is None:
            return None
        return {"number": row.number, "partner": partner.name, "measure": str(item.args["measure"])}

    def decision(self, item: Item) -> dict[str, Any]:
        """How an objection was decided, and what was said to it."""
        row = self.objections.get(UUID(item.args["objection_id"]))
        return {"upheld": bool(item.args["upheld"]), "answer": (row.answer if row is not None else None) or ""}


async def _people(db: Session, role: Role) -> Sequence[User]:
    """Who has a role; where nobody does, the administrators."""
    wanted = sa.select(User).where(User.active, User.role.in_((role, Role.ADMIN))).order_by(User.email)
    people = list(await db.scalars(wanted))
    return [each for each in people if each.role is role] or people


def _letter(
    template: str,
    to: tuple[str, str, str],
    about: Mapping[str, Any],
    known: _Known,
    told: Iterable[Item],
    place: Place,
) -> OutgoingMessage:
    address, name, language = to
    message = render_message(template, language, {**about, "brand": known.brand, "customer_name": name})
    named = "/".join([template, address, *(str(item.event_id) for item in told)])
    key = hashlib.sha256(named.encode()).hexdigest()[:32]
    return OutgoingMessage(
        to=address, to_name=name, subject=message.subject, text=message.text, html=message.html,
        message_id=message_id_of(key, place.domain),
    )  # fmt: skip


def hand_over(db: Session, letter: OutgoingMessage) -> None:
    """Have a letter sent after the commit, by itself."""
    words = {name: getattr(letter, name) for name in ("to", "to_name", "subject", "text", "html", "message_id")}
    schedule(db, JOB, words)
