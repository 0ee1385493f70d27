"""Deciding about offers: what is approved becomes an article, what is not goes back with a reason."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog import offers, queries, service
from kontor.catalog.errors import InvalidProduct, OfferChanged
from kontor.catalog.events import OffersApproved, OffersReturned
from kontor.catalog.models import CatalogOffer, Product, ProductVariant
from kontor.catalog.offers import Decided, ids_of_offers, tell
from kontor.catalog.states import OFFER, OfferState
from kontor.catalog.values import ProductData, VariantData
from kontor.core import outbox
from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.imports.saving import lock_noun

_CODE_LENGTH = 80
_Whole = tuple[UUID, str]
_PARTNER = sa.table("partner", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))


@dataclass(slots=True)
class _Article:
    """A product to be saved, and the offers that are its variants, by SKU."""

    code: str
    offers: dict[str, CatalogOffer] = field(default_factory=dict)


async def approve_offers(db: Session, versions: Mapping[UUID, int]) -> Decided:
    """Put offers that wait for a decision on sale, each with what became of it.

    `versions` says by id what was looked at: an offer that was changed and sent again since is refused, `OfferChanged`.
    An offer whose GTIN names an article is sold as that one, which stays as it is. Any other makes an article of its
    own, or changes the one it made before; offers of one group are variants of one product. Its SKU is the partner's,
    with the partner's code before it where another article has it. Records OffersApproved.
    """
    await lock_noun(db, "catalog_offer")
    wanted = await queries.lock_offers(db, CatalogOffer.id.in_(versions), ids=list(versions))
    decided = Decided()
    waiting = [offer for offer in wanted if _may_go_live(offer, versions[offer.id], decided)]
    await _link_known(db, waiting)
    refused = await _save_articles(db, [offer for offer in waiting if offer.variant_id is None or offer.own_variant])
    fine = [offer for offer in waiting if offer.id not in refused]
    decided.refused += [(offer, refused[offer.id]) for offer in waiting if offer.id in refused]
    decided.done = offers.decide(db, fine, OfferState.LIVE, check=lambda _: None).done
    for offer in decided.done:
        offer.decided_at, offer.reason = db.now, None
    skus = await _skus(db, decided.done)
    for mine in offers.by_partner(decided.done).values():
        sold_as = tuple(skus[offer.variant_id] for offer in mine if offer.variant_id is not None)
        event = OffersApproved(stream_id=mine[0].partner_id, offer_ids=ids_of_offers(mine), skus=sold_as)
        outbox.record(db, event)
    return decided


async def return_offers(db: Session, ids: Sequence[UUID], *, reason: str) -> Decided:
    """Send offers that wait for a decision back to their partners, who read why. Records OffersReturned."""
    words = offers.checked_reason(reason)
    wanted = await queries.lock_offers(db, CatalogOffer.id.in_(ids), ids=ids)
    decided = offers.decide(db, wanted, OfferState.RETURNED, check=lambda _: None, reason=words)
    for offer in decided.done:
        offer.decided_at, offer.reason = db.now, words
    tell(
        db, decided,
        lambda mine: OffersReturned(stream_id=mine[0].partner_id, offer_ids=ids_of_offers(mine), reason=words),
    )  # fmt: skip
    return decided


def _may_go_live(offer: CatalogOffer, version: int, decided: Decided) -> bool:
    try:
        OFFER.check(offer.state, OfferState.LIVE, what="CatalogOffer")
        if offer.version != version:
            raise OfferChanged("The offer was changed since it was read.", path=("version",), version=offer.version)
    except KontorError as problem:
        decided.refused.append((offer, problem))
        return False
    return True


async def _link_known(db: Session, waiting: Sequence[CatalogOffer]) -> None:
    """Offers of articles we have: the GTIN names the article, whoever sells it."""
    by_gtin: dict[str | None, UUID] = {}
    for part in chunks(sorted({offer.gtin for offer in waiting if offer.gtin and offer.variant_id is None})):
        found = sa.select(ProductVariant.gtin, ProductVariant.id).where(ProductVariant.gtin.in_(part))
        by_gtin.update({row[0]: row[1] for row in await db.execute(found)})
    for offer in waiting:
        if offer.variant_id is None and offer.gtin in by_gtin:
            offer.variant_id = by_gtin[offer.gtin]


async def _save_articles(db: Session, wanted: Sequence[CatalogOffer]) -> dict[UUID, KontorError]:
    """Make or change the articles of these offers; why some could not be."""
    skus = await _free_skus(db, wanted)
    partners = await _partner_codes(db, wanted)
    codes = await _product_codes(db, wanted, partners)
    articles: dict[str, _Article] = {}
    for offer in wanted:
        code = codes[_whole(offer)]
        articles.setdefault(code, _Article(code)).offers[skus[offer.id]] = offer
    results = await service.save_products(db, [_product(article) for article in articles.values()])
    refused: dict[UUID, KontorError] = {}
    made = await service.variant_ids_of(db, skus.values())
    for article, result in zip(articles.values(), results, strict=True):
        for sku, offer in article.offers.items():
            if result.problem is not None:
                refused[offer.id] = InvalidProduct(result.problem.message, code=result.problem.code, path=("ids",))
            else:
                offer.variant_id, offer.own_variant = made[sku], True
    return refused


def _whole(offer: CatalogOffer) -> _Whole:
    """The product an offer is a variant of, as its partner names it."""
    return offer.partner_id, offer.group_code or offer.sku


async def _product_codes(
    db: Session, wanted: Sequence[CatalogOffer], partners: Mapping[UUID, str]
) -> dict[_Whole, str]:
    """The code of each product: both codes joined, unless that names a product of somebody else.

    It does where `nord` offers `licht-PK` and `nord-licht` offers `PK`; each keeps a product of its own.
    """
    plain = {whole: joined(partners[whole[0]], whole[1]) for whole in map(_whole, wanted)}
    owners: dict[str, set[UUID | None]] = {}
    for part in chunks(sorted(set(plain.values()))):
        found = (
            sa.select(Product.code, CatalogOffer.partner_id)
            .outerjoin(ProductVariant, ProductVariant.product_id == Product.id)
            .outerjoin(
                CatalogOffer, sa.and_(CatalogOffer.variant_id == ProductVariant.id, CatalogOffer.own_variant.is_(True))
            )
            .where(Product.code.in_(part))
        )
        for code, partner_id in await db.execute(found):
            owners.setdefault(code, set()).add(partner_id)
    codes: dict[_Whole, str] = {}
    for whole, code in plain.items():
        mine = whole[0] in owners.setdefault(code, {whole[0]})
        codes[whole] = code if mine else distinct(partners[whole[0]], whole[1])
    return codes


async def _free_skus(db: Session, wanted: Sequence[CatalogOffer]) -> dict[UUID, str]:
    """Under which SKU each offer is sold: the one it has, else its own, else with the partner's code before it."""
    present = await _skus(db, wanted)
    partners = await _partner_codes(db, wanted)
    choices: dict[UUID, tuple[str, ...]] = {}
    for offer in wanted:
        partner = partners[offer.partner_id]
        choices[offer.id] = (offer.sku, joined(partner, offer.sku), distinct(partner, offer.sku))
    taken = set(await service.variant_ids_of(db, {sku for each in choices.values() for sku in each}))
    found: dict[UUID, str] = {}
    for offer in wanted:
        if offer.variant_id is not None:
            found[offer.id] = present[offer.variant_id]
            continue
        found[offer.id] = next((sku for sku in choices[offer.id] if sku not in taken), choices[offer.id][-1])
        taken.add(found[offer.id])
    return found


async def _skus(db: Session, wanted: Iterable[CatalogOffer]) -> dict[UUID, str]:
    ids = sorted({offer.variant_id for offer in wanted if offer.variant_id is not None})
    return {
        variant.id: variant.sku for part in chunks(ids) for variant in (await queries.variants_by_id(db, part)).values()
    }


async def _partner_codes(db: Session, wanted: Sequence[CatalogOffer]) -> Mapping[UUID, str]:
    ids = sorted({offer.partner_id for offer in wanted})
    rows = await db.execute(sa.select(_PARTNER.c.id, _PARTNER.c.code).where(_PARTNER.c.id.in_(ids)))
    return {row.id: row.code for row in rows}


def joined(partner: str, own: str) -> str:
    """A code of a partner's article: both codes, a fingerprint in place of what is too long.

    >>> joined("nordlicht", "PK-38")
    'nordlicht-PK-38'
    """
    code = f"{partner}-{own}"
    if len(code) <= _CODE_LENGTH:
        return code
    return f"{code[: _CODE_LENGTH - 17]}-{hashlib.sha256(code.encode()).hexdigest()[:16]}"


def distinct(partner: str, own: str) -> str:
    """As `joined`, and no other partner's whatever the two codes are: with a fingerprint of where the one ends.

    >>> distinct("nord", "licht-PK") == distinct("nord-licht", "PK")
    False
    """
    mark = hashlib.sha256(f"{partner}\0{own}".encode()).hexdigest()[:16]
    return f"{f'{partner}-{own}'[: _CODE_LENGTH - 17]}-{mark}"


def _product(article: _Article) -> ProductData:
    """The article as the catalog takes it: what its variants share comes from the first offer that says it."""
    mine = list(article.offers.values())
    first = mine[0]
    return {
        "code": article.code,
        "name": first.name or first.sku,
        "brand": next((offer.brand for offer in mine if offer.brand), None),
        "category": next((offer.category for offer in mine if offer.category), None),
        "texts": next((offer.texts for offer in mine if offer.texts), {}),
        "images": _images(mine),
        "sale_from": _earliest([offer.valid_from for offer in mine]),
        "sale_until": _latest([offer.valid_until for offer in mine]),
        "active": True,
        "variants": [_variant(sku, offer) for sku, offer in article.offers.items()],
    }


def _variant(sku: str, offer: CatalogOffer) -> VariantData:
    return {
        "sku": sku,
        "gtin": offer.gtin,
        "name": offer.name or offer.sku,
        "attributes": offer.attributes,
        "weight_g": offer.weight_g,
        "active": True,
    }


def _images(mine: Sequence[CatalogOffer]) -> list[dict[str, str]]:
    """Every image once, at most fifty."""
    return list({image["url"]: image for offer in mine for image in offer.images}.values())[:50]


def _earliest(moments: Sequence[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return min(known) if len(known) == len(moments) else None


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return max(known) if len(known) == len(moments) else None
