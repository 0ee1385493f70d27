"""Ask for papers: what they say is frozen now, the file with them is drawn by a job."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from kontor.auth.permissions import Permission
from kontor.carriers import queries as carriers
from kontor.core import numbering
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import Forbidden, InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import schedule
from kontor.core.principal import Principal
from kontor.fulfillment.errors import FulfillmentOrderNotFound
from kontor.fulfillment.hiding import shows_customer
from kontor.fulfillment.states import FulfillmentState
from kontor.partners.models import Partner
from kontor.printing import contents, queries
from kontor.printing.contents import Back, Frozen
from kontor.printing.errors import NothingToPrint, PaperNotForKind, TooMuchToPrint
from kontor.printing.models import PrintBatch, PrintedPaper
from kontor.printing.queries import Found, Place
from kontor.printing.values import LABELS, Missing, PaperKind, PaperSize, Selection

MOST_ORDERS = 500
KEPT_FOR = timedelta(days=1)
SHOWN_FOR = timedelta(days=30)  # after it left, a partner or store gets no address of a customer any more
DRAW = "printing.draw"
S = FulfillmentState
_BACK = frozenset({PaperKind.RETURN_SLIP, PaperKind.RETURN_LABEL})
_NEVER = frozenset({S.REJECTED, S.CANCELED})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A paper to be in the file: its identity, and where it belongs."""

    kind: PaperKind
    subject_id: UUID
    frozen: Frozen
    number: str
    found: Found | None

    @property
    def key(self) -> tuple[UUID, str, str]:
        return self.subject_id, self.kind.value, self.frozen.fingerprint


async def print_documents(db: Session, selection: Selection, *, now: datetime, principal: Principal) -> PrintBatch:
    """A file with the papers of a selection, drawn by a job; what cannot be had is in its `missing`.

    Raises `InvalidInput` for a selection that cannot be, `Forbidden` for papers that are not for the caller,
    `FulfillmentOrderNotFound` when the caller sees none of it, and `NothingToPrint` when nothing is left.
    """
    kinds = _checked(selection)
    await allow(db, kinds, principal)
    ids = list(dict.fromkeys(selection.fulfillment_order_ids))
    found = await queries.found_for(db, ids, principal)
    if not found:
        raise FulfillmentOrderNotFound("There is no such fulfillment order.", path=("fulfillmentOrderIds",))
    missing = _unseen(ids, found, kinds)
    usable = [
        each for each in found if (code := _hurdle(each, principal, now)) is None or _miss(missing, each, kinds, code)
    ]
    items, lacking = await _items(db, usable, kinds, selection, now=now)
    missing += lacking
    if not items:
        raise NothingToPrint("Nothing of this can be printed.", missing=[each.to_json() for each in missing])
    batch = PrintBatch(
        id=new_id(), partner_id=principal.partner_id, kinds=[kind.value for kind in kinds], size=selection.size,
        items=items, missing=[each.to_json() for each in missing], done=0, created_at=now, created_by=principal.id,
    )  # fmt: skip
    db.add(batch)
    await db.flush()
    schedule(db, DRAW, {"batch_id": batch.id}, key=batch.id)
    return batch


def _checked(selection: Selection) -> list[PaperKind]:
    kinds = list(dict.fromkeys(selection.kinds))
    if not selection.fulfillment_order_ids:
        raise InvalidInput("Name what is to be printed.", code="NOTHING_NAMED", path=("fulfillmentOrderIds",))
    if len(set(selection.fulfillment_order_ids)) > MOST_ORDERS:
        raise TooMuchToPrint(
            f"At most {MOST_ORDERS} at once.", limit=MOST_ORDERS, path=("fulfillmentOrderIds",)
        )  # fmt: skip
    if not kinds:
        raise InvalidInput("Name what is to be printed.", code="NOTHING_NAMED", path=("kinds",))
    if selection.size is not PaperSize.A4 and not LABELS.issuperset(kinds):
        raise PaperNotForKind("Only labels are printed on label paper.", path=("size",))
    return kinds


async def allow(db: Session, kinds: Sequence[str], principal: Principal) -> None:
    """Invoices tell prices: for who may read invoices, and for partners with whom that was agreed."""
    if PaperKind.INVOICE not in kinds or principal.may(Permission.INVOICES_READ):
        return
    agreement: Any = None
    if principal.partner_id is not None:
        agreement = await db.scalar(sa.select(Partner.agreement).where(Partner.id == principal.partner_id))
    if not (agreement or {}).get("show_prices"):
        raise Forbidden("Invoices are not for the caller.", code="INVOICES_NOT_SHOWN", path=("kinds",))


def _unseen(ids: Sequence[UUID], found: Sequence[Found], kinds: Sequence[PaperKind]) -> list[Missing]:
    seen = {each.row.id for each in found}
    return [
        Missing(row_id, kind, "FULFILLMENT_ORDER_NOT_FOUND") for row_id in ids if row_id not in seen for kind in kinds
    ]


def _miss(missing: list[Missing], found: Found, kinds: Sequence[PaperKind], code: str) -> bool:
    missing.extend(Missing(found.row.id, kind, code) for kind in kinds)
    return False


def _hurdle(found: Found, principal: Principal, now: datetime) -> str | None:
    """Why nothing about this fulfillment order is printed; None where there is no reason."""
    if found.row.state in _NEVER:
        return "FULFILLMENT_ORDER_STATE"
    scoped = principal.partner_id is not None or principal.location_ids is not None
    if principal.partner_id is not None and not shows_customer(found.row.state, found.row.hidden_at):
        return "ADDRESS_NO_LONGER_SHOWN"
    if scoped and found.left_at is not None and now - found.left_at > SHOWN_FOR:
        return "ADDRESS_NO_LONGER_SHOWN"
    return None


async def _items(
    db: Session, found: Sequence[Found], kinds: Sequence[PaperKind], selection: Selection, *, now: datetime
) -> tuple[list[dict[str, str]], list[Missing]]:
    """What the file holds, in its order: pick lists first, then order by order."""
    places = await queries.places_of(db, {each.row.location_id for each in found})
    picks = _pick_lists(found, places, selection, now=now) if PaperKind.PICK_LIST in kinds else []
    invoices = await queries.invoices_of(db, [each.row.id for each in found]) if PaperKind.INVOICE in kinds else {}
    wants_labels = PaperKind.SHIPPING_LABEL in kinds
    labels = await carriers.labels_of(db, [each.row.id for each in found]) if wants_labels else {}
    ways = await queries.ways_back(db, found) if _BACK.intersection(kinds) else {}
    wanted: list[_Wanted | UUID] = [*picks]
    missing: list[Missing] = []
    for each in found:
        day = local_day(now, places[each.row.location_id].timezone).isoformat()
        for kind in kinds:
            if kind is PaperKind.DELIVERY_NOTE:
                note = contents.delivery_note(each.work, day)
                wanted.append(_Wanted(kind, each.row.id, note, each.row.number, each))
            elif kind is PaperKind.SHIPPING_LABEL:
                made = labels.get(each.row.id, [])
                wanted += [label.document_id for label in made if label.document_id is not None]
                if not made or any(label.document_id is None for label in made):
                    code = "LABEL_BEING_MADE" if made else "LABEL_NOT_MADE"
                    missing.append(Missing(each.row.id, kind, code))
            elif kind in _BACK:
                back = ways.get(each.row.id)
                if back is None:
                    missing.append(Missing(each.row.id, kind, "NO_RETURN_PLACE"))
                else:
                    wanted.append(
                        _Wanted(kind, each.row.id, _back(kind, each, back, day, selection), back.number, each)
                    )
            elif kind is PaperKind.INVOICE:
                document_id = invoices.get(each.row.id)
                if document_id is not None:
                    wanted.append(document_id)
                else:
                    code = "INVOICE_BEING_DRAWN" if each.row.id in invoices else "INVOICE_NOT_ISSUED"
                    missing.append(Missing(each.row.id, kind, code))
    papers = await _keep(db, [each for each in wanted if isinstance(each, _Wanted)], now=now)
    items = [
        {"paper": str(papers[each.key].id)} if isinstance(each, _Wanted) else {"document": str(each)} for each in wanted
    ]
    return items, missing


def _back(kind: PaperKind, found: Found, back: Back, day: str, selection: Selection) -> Frozen:
    if kind is PaperKind.RETURN_SLIP:
        return contents.return_slip(found.work, back, day)
    return contents.return_label(found.work, back, day, selection.size.label_millimeters)


def _pick_lists(
    found: Sequence[Found], places: dict[UUID, Place], selection: Selection, *, now: datetime
) -> list[_Wanted]:
    """One list for each place; its number is given when it is new."""
    by_place: dict[UUID, list[Found]] = {}
    for each in found:
        by_place.setdefault(each.row.location_id, []).append(each)
    lists = []
    for place_id, group in by_place.items():
        place = places[place_id]
        moment = now.astimezone(ZoneInfo(place.timezone)).replace(microsecond=0).isoformat()
        name = f"{place.name} ({place.code})"
        works = [each.work for each in group]
        said = contents.pick_list(works, name, moment, by=selection.pick_by, language=selection.language)
        lists.append(_Wanted(PaperKind.PICK_LIST, place_id, said, "", None))
    return lists


async def _keep(db: Session, wanted: Sequence[_Wanted], *, now: datetime) -> dict[tuple[UUID, str, str], PrintedPaper]:
    """The papers, those of before as they were; of two who ask for a new one at once both get the same."""
    known = await queries.papers_by_identity(db, [each.key for each in wanted])
    new = {each.key: each for each in wanted if each.key not in known}
    if not new:
        return known
    unnumbered = [each for each in new.values() if not each.number]
    first = await numbering.take(db, "pick-list", len(unnumbered)) if unnumbered else 0
    numbers = {each.key: f"PL-{first + index:06}" for index, each in enumerate(unnumbered)}
    rows = [_row(each, numbers.get(each.key, each.number), now) for each in new.values()]
    insert: Any = _insert(db)
    for row in rows:
        await db.execute(insert, row)
    return await queries.papers_by_identity(db, [each.key for each in wanted])


def _insert(db: Session) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    statement: Any = (sqlite if db.sqlite else postgresql).insert(PrintedPaper)
    return statement.on_conflict_do_nothing(index_elements=["subject_id", "kind", "fingerprint"])


def _row(each: _Wanted, number: str, now: datetime) -> dict[str, Any]:
    order = each.found.order if each.found else None
    return {
        "id": new_id(), "kind": each.kind, "subject_id": each.subject_id, "fingerprint": each.frozen.fingerprint,
        "number": number, "content": {**each.frozen.content, "number": number}, "created_at": now,
        "order_id": order.id if order else None, "channel_id": order.channel_id if order else None,
        "customer_id": order.customer_id if order else None,
    }  # fmt: skip
