"""Saving and ending promotions: a change closes a version and opens one; what was valid never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Required, TypedDict

import sqlalchemy as sa

from kontor.core import expressions, outbox
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.imports import fields
from kontor.imports.errors import UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import ids_of, lock_noun, touch_masters
from kontor.promotions.conditions import facts_of
from kontor.promotions.definition import MOST_AMOUNT, benefit_of, benefit_row, names_amounts, scope_of, scope_row
from kontor.promotions.errors import InvalidPromotion, PromotionNotFound
from kontor.promotions.events import PromotionEnded, PromotionSaved, stream_of
from kontor.promotions.models import Promotion, PromotionUse, Redemption
from kontor.promotions.values import Basket, Combination, Item, ReturnRule

MOST_CHANNELS = 200
_FIELDS: dict[str, Field] = {
    "code": Field(fields.code(40)),
    "name": Field(fields.text(200)),
    "currency": Field(fields.currency, empty=True),
    "minimum_value": Field(fields.integer(0, MOST_AMOUNT), default=0),
    "minimum_quantity": Field(fields.integer(0), default=0),
    "coupon": Field(fields.flag, default=False),
    "combination": Field(fields.choice(Combination), default=Combination.STACKABLE),
    "return_rule": Field(fields.choice(ReturnRule), default=ReturnRule.KEEP_SHARE),
    "priority": Field(fields.integer(-1000, 1000), default=0),
    "most_given": Field(fields.integer(1, MOST_AMOUNT), empty=True),
    "most_uses": Field(fields.integer(1), empty=True),
    "valid_from": Field(fields.moment, empty=True),
    "valid_to": Field(fields.moment, empty=True),
}
# Neighbors among the masters are named as tables, like their foreign keys; they are not imported.
_CHANNEL = sa.table("sales_channel", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
_CONTENT = (
    "name", "kind", "combination", "return_rule", "priority", "currency", "coupon", "benefit", "scope", "conditions",
    "most_given", "most_uses",
)  # fmt: skip


class PromotionData(TypedDict, total=False):
    """A whole version of a promotion; what is not given is empty or usual.

    `benefit` and `scope` are as `definition.py` reads them, `groups` are customers' tags, `channels` codes. Valid from
    now unless `valid_from` lies ahead, until `valid_to` or the next planned version.
    """

    code: Required[str]
    name: Required[str]
    benefit: Required[Mapping[str, Any]]
    scope: Mapping[str, Any] | None
    channels: Sequence[str] | None
    groups: Sequence[str] | None
    currency: str | None
    minimum_value: int
    minimum_quantity: int
    expression: str | None
    coupon: bool
    combination: Combination
    return_rule: ReturnRule
    priority: int
    most_given: int | None
    most_uses: int | None
    valid_from: datetime | None
    valid_to: datetime | None


async def save_promotion(db: Session, data: PromotionData) -> Promotion:
    """Let a version count from a moment on; the stored row, the one in force when it says the same already.

    The version valid at that moment ends; planned ones that would begin within the new one's time are dropped. A start
    that has passed means now. Raises `InvalidPromotion` or `InvalidField` naming the field.
    """
    await lock_noun(db, "promotion")
    values = fields.completed(fields.checked({k: v for k, v in data.items() if k in _FIELDS}, _FIELDS), _FIELDS)
    content = await _content(db, data, values)
    start = max(values["valid_from"] or db.now, db.now)
    present = await _from(db, values["code"], start)
    end = values["valid_to"]
    if end is None:
        end = next((row.valid_from for row in present if row.valid_from > start), None)
    if end is not None and end <= start:
        raise InvalidPromotion("The end lies after the start.", path=("validTo",))
    for row in present:
        begun = row.valid_from <= start
        same = row.valid_to == end and all(getattr(row, name) == content[name] for name in _CONTENT)
        if same and (row.valid_from == start or begun):
            return row
    await _make_room(db, present, start, end)
    row = Promotion(
        id=new_id(), code=values["code"], valid_from=start, valid_to=end, created_at=db.now, created_by=db.by,
        updated_at=db.now, **content,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    if row.most_given is not None or row.most_uses is not None:
        await _count_uses(db, row.code)
    await touch_masters(db)
    saved = PromotionSaved(
        stream_id=stream_of(row.code), promotion_id=row.id, code=row.code, valid_from=start, valid_to=end
    )
    outbox.record(db, saved)
    return row


async def end_promotion(db: Session, code: str, *, at: datetime | None = None) -> Promotion | None:
    """Let a promotion count no longer from a moment (now) on; the version that ends, None when only plans were dropped.

    Raises `PromotionNotFound` when nothing is valid or planned from then on.
    """
    await lock_noun(db, "promotion")
    moment = max(at or db.now, db.now)
    present = await _from(db, code, moment)
    if not present:
        raise PromotionNotFound(f"Nothing of {code} is valid or planned.", path=("code",), promotion=code)
    ending = next((row for row in present if row.valid_from < moment), None)
    await _make_room(db, present, moment, None)
    await db.flush()
    await touch_masters(db)
    outbox.record(db, PromotionEnded(stream_id=stream_of(code), code=code, valid_to=moment))
    return ending


async def _from(db: Session, code: str, start: datetime) -> list[Promotion]:
    found = await db.scalars(
        sa.select(Promotion)
        .where(Promotion.code == code, sa.or_(Promotion.valid_to.is_(None), Promotion.valid_to > start))
        .order_by(Promotion.valid_from)
    )
    return list(found)


async def _make_room(db: Session, present: Sequence[Promotion], start: datetime, end: datetime | None) -> None:
    """End what is valid at the start and drop what begins from then to the end; the database refuses overlaps."""
    for row in present:
        if row.valid_from < start:
            row.valid_to = start
        elif end is None or row.valid_from < end:
            await db.delete(row)
    await db.flush()


async def _count_uses(db: Session, code: str) -> None:
    """The counter of a promotion that has a budget now: what it gave before counts too."""
    if await db.get(PromotionUse, code) is None:
        uses, given = (
            await db.execute(
                sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Redemption.amount), 0)).where(
                    Redemption.promotion_code == code, Redemption.given_back_at.is_(None)
                )
            )
        ).one()
        db.add(PromotionUse(code=code, uses=uses, given=int(given)))
        await db.flush()


async def _content(db: Session, data: PromotionData, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a version, checked."""
    benefit = benefit_of(data["benefit"], "benefit")
    expression = (data.get("expression") or "").strip() or None
    if expression is not None:
        check_expression(expression)
    if values["currency"] is None and (names_amounts(benefit, values["minimum_value"]) or values["most_given"]):
        raise InvalidPromotion("Amounts need a currency.", path=("currency",))
    conditions = {
        "channels": await _channels(db, data.get("channels")),
        "groups": _groups(data.get("groups")),
        "minimum_value": values["minimum_value"] or None,
        "minimum_quantity": values["minimum_quantity"] or None,
        "expression": expression,
    }
    return {
        **{name: values[name] for name in _CONTENT if name in values},
        "kind": benefit.kind,
        "benefit": benefit_row(benefit),
        "scope": scope_row(scope_of(data.get("scope"), "scope")),
        "conditions": {name: value for name, value in conditions.items() if value is not None},
    }


async def _channels(db: Session, given: Sequence[str] | None) -> list[str] | None:
    if given is None:
        return None
    if not 0 < len(given) <= MOST_CHANNELS:
        raise InvalidPromotion("Name at least one channel, or none for all.", path=("channels",))
    known = await ids_of(db, _CHANNEL.c.code, _CHANNEL.c.id, given)
    for index, code in enumerate(given):
        if code not in known:
            raise UnknownReference(f"There is no sales channel {code}.", path=("channels", index))
    return sorted(set(given))


def _groups(given: Sequence[str] | None) -> list[str] | None:
    if given is None:
        return None
    if not 0 < len(given) <= MOST_CHANNELS:
        raise InvalidPromotion("Name at least one group, or none for all.", path=("groups",))
    check = fields.text(60)
    found = set()
    for index, group in enumerate(given):
        try:
            found.add(check(group))
        except KontorError as problem:
            raise problem.within("groups", index) from None
    return sorted(found)


_SAMPLE = Basket(
    "shop", "EUR", datetime.fromisoformat("2026-06-15T10:00:00+00:00"),
    (Item("1", "A", 1, 1000, "A", "category", "brand"),), country="DE", groups=frozenset({"vip"}),
)  # fmt: skip


def check_expression(expression: str) -> None:
    """Raise `InvalidInput` for a condition that cannot be read, names what no basket has, or is not true or false.

    What it asks of the order's own `facts` is not known before an order comes.
    """
    expressions.check(expression, path=("expression",))
    try:
        expressions.holds(expression, facts_of(_SAMPLE))
    except KontorError as problem:
        if problem.code == "EXPRESSION_FAILED" and "facts" in expression:
            return
        raise problem.within("expression") from None
