"""What papers say, as plain JSON values. Pure.

Each comes with its identity: what makes it this paper and not another version of it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from kontor.printing.values import PickBy

Content = dict[str, Any]
LANGUAGES = ("de", "en")


@dataclass(frozen=True, slots=True)
class Goods:
    """Pieces of a line of a fulfillment order; `outstanding` follow in other deliveries, `shelf` is where they lie."""

    sku: str
    name: str
    quantity: int
    gtin: str = ""
    outstanding: int = 0
    shelf: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    """How goods of a fulfillment order come back: to which address, under which number, which pieces and why.

    `announced` says whether somebody asked for it; else the papers lie in the parcel for whoever may want to.
    """

    number: str
    to: Mapping[str, Any]
    announced: bool = False
    lines: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A fulfillment order with what its papers show of the order and of who sells."""

    id: UUID
    number: str
    location_id: UUID
    order_number: str
    language: str
    recipient: Mapping[str, Any]
    seller: Mapping[str, Any]
    brand: Mapping[str, Any]
    goods: Sequence[Goods]
    gift_message: str = ""

    def words(self, place: str) -> str:
        """The retailer's own text at a place of a paper."""
        return str((self.brand.get("texts") or {}).get(place, ""))


class Frozen(NamedTuple):
    """A paper's content and the fingerprint of its identity."""

    content: Content
    fingerprint: str


def written_in(language: str) -> str:
    """The language itself where we write it, else English."""
    return language if language in LANGUAGES else "en"


def frozen(content: Content, identity: Any) -> Frozen:
    """The content with the fingerprint of what it is about."""
    text = json.dumps(identity, sort_keys=True, ensure_ascii=False, default=str)
    return Frozen(content, hashlib.sha256(text.encode()).hexdigest())


def letter(work: Work, day: str, place: str) -> Content:
    """What every sheet about one fulfillment order shows; `day` is its date, `place` names the retailer's note."""
    return {
        "number": work.number,
        "issued_on": day,
        "language": written_in(work.language),
        "seller": dict(work.seller),
        "brand": dict(work.brand),
        "recipient": dict(work.recipient),
        "order_number": work.order_number,
        "notes": [note for note in (work.words(place),) if note],
        "footer": work.words("footer").splitlines(),
    }


def delivery_note(work: Work, day: str) -> Frozen:
    """The goods of a fulfillment order for whoever opens the parcel; without prices, as it may lie in a present."""
    lines = [{"name": each.name, "sku": each.sku, "gtin": each.gtin, "quantity": each.quantity} for each in work.goods]
    said = [line | {"outstanding": each.outstanding} for line, each in zip(lines, work.goods, strict=True)]
    content = letter(work, day, "delivery_note") | {"lines": said, "gift_message": work.gift_message}
    return frozen(content, [written_in(work.language), dict(work.recipient), lines, work.gift_message])


def return_slip(work: Work, back: Back, day: str) -> Frozen:
    """Lies in the parcel that comes back: what is in it and why."""
    lines = [dict(line) for line in back.lines] or [
        {"name": each.name, "sku": each.sku, "quantity": each.quantity, "reason": ""} for each in work.goods
    ]
    content = letter(work, day, "return_slip") | {"lines": lines, "announced": back.announced, "number": back.number}
    return frozen(content, [written_in(work.language), dict(work.recipient), back.number, lines])


def return_label(work: Work, back: Back, day: str, millimeters: tuple[int, int]) -> Frozen:
    """The address label of a parcel that comes back; `millimeters` are its width and height."""
    content = letter(work, day, "return_slip") | {
        "number": back.number,
        "announced": back.announced,
        "to": dict(back.to),
        "millimeters": list(millimeters),
    }
    return frozen(content, [written_in(work.language), dict(work.recipient), dict(back.to), back.number, millimeters])


def pick_list(works: Sequence[Work], place: str, moment: str, *, by: PickBy, language: str) -> Frozen:
    """One walk through a place for these fulfillment orders; `moment` is on the place's own clock."""
    lines = _by_article(works) if by is PickBy.ARTICLE else _by_order(works)
    content = {
        "location": place,
        "created_at": moment,
        "language": written_in(language),
        "brand": dict(works[0].brand) if len({str(work.brand) for work in works}) == 1 else {},
        "lines": lines,
    }
    taken = [[str(work.id), [[each.sku, each.quantity, each.shelf] for each in work.goods]] for work in works]
    return frozen(content, [by, written_in(language), sorted(taken, key=str)])


def _by_article(works: Iterable[Work]) -> list[Content]:
    """Each article once, in the order of the shelves; which orders get how many of it stands beside."""
    taken: dict[str, list[tuple[str, Goods]]] = {}
    for work in works:
        for each in work.goods:
            taken.setdefault(each.sku, []).append((work.order_number, each))
    return [
        {
            "sku": sku,
            "shelf": takes[0][1].shelf,
            "name": takes[0][1].name,
            "gtin": takes[0][1].gtin,
            "quantity": sum(each.quantity for _, each in takes),
            "order": ", ".join(f"{number} ×{each.quantity}" for number, each in takes)
            if len(takes) > 1
            else takes[0][0],
        }
        for sku, takes in sorted(taken.items(), key=lambda item: (item[1][0][1].shelf, item[0]))
    ]


def _by_order(works: Iterable[Work]) -> list[Content]:
    return [
        {
            "sku": each.sku, "shelf": each.shelf, "name": each.name, "gtin": each.gtin, "quantity": each.quantity,
            "order": work.order_number,
        }
        for work in works
        for each in sorted(work.goods, key=lambda goods: goods.shelf)
    ]  # fmt: skip
