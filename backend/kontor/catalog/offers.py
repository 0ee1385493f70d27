"""Offers of partners: saved as drafts, sent to be looked at, taken back. Deciding on them is `reviewing`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog import queries, service
from kontor.catalog.errors import GtinTaken, InvalidProduct, OfferChanged, OfferIncomplete, PartnerNeeded
from kontor.catalog.events import OffersSent, OffersWithdrawn
from kontor.catalog.models import CatalogOffer, Product, ProductVariant
from kontor.catalog.states import OFFER, OfferState
from kontor.catalog.values import OFFER_FIELDS, OfferData, ProductData
from kontor.core import outbox
from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.core.statemachine import change_row, transition
from kontor.imports.fields import Field, check_field, text
from kontor.imports.saving import (
    Draft,
    RowResult,
    attempt,
    drafts_of,
    good,
    lock_noun,
    match_existing,
    results_of,
    writable,
    write_drafts,
)

MOST_OFFERS = 10_000
_REASON = Field(text(500))


@dataclass(slots=True)
class Decided:
    """What became of many offers: those that took the step, and why the others did not."""

    done: list[CatalogOffer] = field(default_factory=list)
    refused: list[tuple[CatalogOffer, KontorError]] = field(default_factory=list)


async def save_offers(
    db: Session, rows: Sequence[OfferData], *, partner_id: UUID | None = None, all_or_nothing: bool = False
) -> list[RowResult]:
    """Add or change offers of a partner by its own SKUs, one result per row; what differs is a draft again.

    A partner saves its own, others say whose. What a review needs may be missing still. Raises `PartnerNeeded`.
    """
    owner = owner_of(db, partner_id)
    await lock_noun(db, "catalog_offer")
    drafts, known = await _drafts(db, rows, owner)
    fine = writable(drafts, all_or_nothing)
    columns = {draft: _columns(draft, known.get(draft.key), owner) for draft in fine}
    await write_drafts(db, CatalogOffer, fine, known, key="sku", columns=columns.__getitem__)
    _note_states(db, fine, known, columns)
    return results_of(drafts)


async def preview_offers(db: Session, rows: Sequence[OfferData], *, complete: bool = False) -> list[RowResult]:
    """What saving a partner's offers would do, one result per row; nothing is written.

    With `complete` an offer that could not be sent is refused. Raises `PartnerNeeded`.
    """
    owner = owner_of(db, None)
    drafts, known = await _drafts(db, rows, owner)
    for draft in good(drafts):
        before = known.get(draft.key)
        if complete:
            whole = SimpleNamespace(**{**(before or {}), **draft.values})
            attempt(draft, lambda whole=whole: check_complete(whole))  # type: ignore[misc]
        if before is not None and "version" in _columns(draft, before, owner):
            draft.changed()
    return results_of(drafts)


async def _drafts(db: Session, rows: Sequence[OfferData], owner: UUID) -> tuple[list[Draft], dict[str, dict[str, Any]]]:
    """The rows checked, and the offers there are under their SKUs."""
    drafts = drafts_of([_without_version(row) for row in rows], OFFER_FIELDS, "sku")
    known = await _known(db, owner, [draft.key for draft in good(drafts)])
    match_existing(drafts, known, OFFER_FIELDS, key="sku")
    for row, draft in zip(rows, drafts, strict=True):
        attempt(draft, lambda row=row, draft=draft: _finish(row, draft, known.get(draft.key)))  # type: ignore[misc]
    await _refuse_doubled_gtins(db, owner, drafts)
    return drafts, known


def owner_of(db: Session, partner_id: UUID | None) -> UUID:
    """Whose offers are meant: a partner's own, else those of the named one; raises `PartnerNeeded`."""
    owner = db.principal.partner_id or partner_id
    if owner is None:
        raise PartnerNeeded("Whose offers these are has to be said.", path=("partnerId",))
    return owner


def _without_version(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "version"}


async def _known(db: Session, owner: UUID, skus: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(sorted(set(skus))):
        wanted = sa.select(CatalogOffer.__table__).where(CatalogOffer.partner_id == owner, CatalogOffer.sku.in_(part))
        found.update({row["sku"]: dict(row) for row in (await db.execute(wanted)).mappings()})
    return found


def _finish(row: Mapping[str, Any], draft: Draft, before: Mapping[str, Any] | None) -> None:
    expected = row.get("version")
    if expected is not None and before is not None and before["version"] != expected:
        raise OfferChanged("The offer was changed since it was read.", path=("version",), version=before["version"])
    whole = {**(before or {}), **draft.values}
    if not whole["name"] and (named := name_in(whole["texts"])):
        draft.values["name"] = whole["name"] = named
    if whole["valid_from"] and whole["valid_until"] and whole["valid_until"] <= whole["valid_from"]:
        raise InvalidProduct("The offer ends after it starts.", path=("validUntil",))


def name_in(texts: Mapping[str, Mapping[str, str]]) -> str | None:
    """The first name there is, by language."""
    return next((texts[language]["name"] for language in sorted(texts) if texts[language].get("name")), None)


async def _refuse_doubled_gtins(db: Session, owner: UUID, drafts: Sequence[Draft]) -> None:
    wanted = {draft.values["gtin"] for draft in good(drafts) if draft.values.get("gtin")}
    owners: dict[str, str] = {}
    for part in chunks(sorted(wanted)):
        found = sa.select(CatalogOffer.gtin, CatalogOffer.sku).where(
            CatalogOffer.partner_id == owner,
            CatalogOffer.gtin.in_(part),
            CatalogOffer.state != OfferState.WITHDRAWN,
        )
        owners.update({row.gtin: row.sku for row in await db.execute(found) if row.gtin is not None})
    given = {draft.key: draft.values["gtin"] for draft in good(drafts) if "gtin" in draft.values}
    # An offer of this call may give its number to another one of it.
    owners = {gtin: sku for gtin, sku in owners.items() if given.get(sku, gtin) == gtin}
    for draft in good(drafts):
        gtin = draft.values.get("gtin")
        if gtin and owners.setdefault(gtin, draft.key) != draft.key:
            draft.refuse(GtinTaken(f"{gtin} is the GTIN of {owners[gtin]}.", path=("gtin",)))


def _columns(draft: Draft, before: Mapping[str, Any] | None, owner: UUID) -> dict[str, Any]:
    """The values of a row; one that differs counts on, and is a draft."""
    values = dict(draft.values)
    whole = {**(before or {}), **values}
    if before is None:
        fresh = {"variant_id": None, "own_variant": False, "reason": None, "sent_at": None, "decided_at": None}
        values |= {**fresh, "partner_id": owner, "state": OfferState.DRAFT, "version": 1}
    elif any(before[name] != value for name, value in values.items()):
        values |= {"version": before["version"] + 1, "state": OfferState.DRAFT}
    else:
        return values
    parts = (whole["sku"], whole["gtin"], whole["name"], whole["brand"])
    return values | {"search_key": " ".join(filter(None, parts)).casefold()[:600]}


def _note_states(
    db: Session, fine: Sequence[Draft], known: Mapping[str, Mapping[str, Any]], columns: Mapping[Draft, Any]
) -> None:
    for draft in fine:
        before = known.get(draft.key)
        old, new = before["state"] if before else None, columns[draft].get("state")
        if new is not None and new != old and draft.id is not None:
            if old is not None:
                OFFER.check(old, new, what="CatalogOffer")
            db.note_state(change_row("catalog_offer", draft.id, old, new, now=db.now, by=db.by))


async def send_offers(db: Session, ids: Sequence[UUID] | None, *, partner_id: UUID | None = None) -> Decided:
    """Ask for offers to be looked at, None: for all drafts of the partner (at most 10,000 at once).

    Each needs a name and a price in a currency: raises nothing for one, it is among the refused.
    """
    if ids is None:
        owner = owner_of(db, partner_id)
        drafts = sa.and_(CatalogOffer.partner_id == owner, CatalogOffer.state == OfferState.DRAFT)
        offers = await queries.lock_offers(db, drafts, limit=MOST_OFFERS)
    else:
        offers = await queries.lock_offers(db, CatalogOffer.id.in_(ids), ids=ids)
    decided = decide(db, offers, OfferState.IN_REVIEW, check=check_complete)
    for offer in decided.done:
        offer.sent_at, offer.reason = db.now, None
    tell(db, decided, lambda mine: OffersSent(stream_id=mine[0].partner_id, offer_ids=ids_of_offers(mine)))
    return decided


def missing_in(offer: Any) -> list[str]:
    """The fields without which nobody can decide about an offer."""
    return [name for name in ("name", "price", "currency") if getattr(offer, name) in (None, "")]


def check_complete(offer: Any) -> None:
    """Raise `OfferIncomplete` for an offer nobody could decide about."""
    if missing := missing_in(offer):
        raise OfferIncomplete(
            f"The offer {offer.sku} has no {missing[0]}.", path=(missing[0],), missing=", ".join(missing)
        )


async def withdraw_offers(db: Session, ids: Sequence[UUID]) -> Decided:
    """Take offers back; an article that was made for one and has no other offer on sale is sold no more."""
    await lock_noun(db, "catalog_offer")
    decided = decide(
        db, await queries.lock_offers(db, CatalogOffer.id.in_(ids), ids=ids), OfferState.WITHDRAWN, check=lambda _: None
    )
    await db.flush()
    await _take_off_sale(db, [offer for offer in decided.done if offer.own_variant])
    tell(db, decided, lambda mine: OffersWithdrawn(stream_id=mine[0].partner_id, offer_ids=ids_of_offers(mine)))
    return decided


async def _take_off_sale(db: Session, offers: Sequence[CatalogOffer]) -> None:
    wanted = {offer.variant_id for offer in offers if offer.variant_id is not None}
    alive = set[UUID | None]()
    for part in chunks(sorted(wanted)):
        others = sa.select(CatalogOffer.variant_id).where(
            CatalogOffer.variant_id.in_(part), CatalogOffer.state != OfferState.WITHDRAWN
        )
        alive.update(await db.scalars(others))
    rows: list[ProductData] = []
    for part in chunks(sorted(wanted - {each for each in alive if each is not None})):
        found = sa.select(Product.code, ProductVariant.sku).join(Product, Product.id == ProductVariant.product_id)
        for code, sku in await db.execute(found.where(ProductVariant.id.in_(part))):
            rows.append({"code": code, "variants": [{"sku": sku, "active": False}]})
    merged: dict[str, ProductData] = {}
    for row in rows:
        merged.setdefault(row["code"], {"code": row["code"], "variants": []})["variants"] += row["variants"]
    if merged:
        await service.save_products(db, list(merged.values()))


def decide(
    db: Session,
    offers: Sequence[CatalogOffer],
    to: OfferState,
    *,
    check: Callable[[CatalogOffer], None],
    reason: str | None = None,
) -> Decided:
    """Move each locked offer one step; one that does not pass stays as it is and is told why."""
    decided = Decided()
    for offer in offers:
        try:
            check(offer)
            transition(db, offer, to, table=OFFER, now=db.now, reason=reason)
            offer.version += 1
            decided.done.append(offer)
        except KontorError as problem:
            decided.refused.append((offer, problem))
    return decided


def ids_of_offers(offers: Sequence[CatalogOffer]) -> tuple[str, ...]:
    """Their ids as events keep them."""
    return tuple(str(offer.id) for offer in offers)


def tell(db: Session, decided: Decided, event: Callable[[list[CatalogOffer]], outbox.Event]) -> None:
    """Record what happened, once for each partner."""
    for mine in by_partner(decided.done).values():
        outbox.record(db, event(mine))


def by_partner(offers: Sequence[CatalogOffer]) -> dict[UUID, list[CatalogOffer]]:
    """The offers of each partner."""
    found: dict[UUID, list[CatalogOffer]] = {}
    for offer in offers:
        found.setdefault(offer.partner_id, []).append(offer)
    return found


def checked_reason(reason: str) -> str:
    """A reason that says something; raises `InvalidField` or `MissingField`."""
    return str(check_field("reason", reason, _REASON))
