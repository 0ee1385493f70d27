"""Saving versions of routing policies: checked when saved, drafts until they are in force, unchanged from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Required, TypedDict
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.imports import fields
from kontor.imports.errors import InvalidField, UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import lock_noun, touch_masters
from kontor.routing import checking
from kontor.routing.errors import InvalidPolicy, PolicyInForce, PolicyNotFound, PolicyWithdrawn
from kontor.routing.models import RoutingPolicy
from kontor.routing.policies import KINDS, row_of, weights_of
from kontor.routing.presets import PRESETS, Preset, Template, cost

_FIELDS: dict[str, Field] = {
    "code": Field(fields.code(40)),
    "version": Field(fields.integer(1), empty=True),
    "name": Field(fields.text(200), default=""),
    "channel": Field(fields.code(40), empty=True),
    "valid_from": Field(fields.moment, empty=True),
    "active": Field(fields.flag, default=True),
}
_MOST_COUNTRIES = 250


class PolicyData(TypedDict, total=False):
    """A version by the code of its policy; what is not given is as in the version before it, first as in COST.

    With `version` that draft is changed, else a new one is made. `valid_from` None keeps it a draft; a moment that has
    passed means now. `preset` gives weights and rules where they are not given themselves.
    """

    code: Required[str]
    version: int | None
    name: str
    channel: str | None
    countries: Sequence[str] | None
    kinds: Sequence[str] | None
    preset: Preset | None
    weights: Mapping[str, Any]
    rules: Sequence[Mapping[str, Any]]
    valid_from: datetime | None
    active: bool


async def save_policy(db: Session, data: PolicyData) -> RoutingPolicy:
    """Make a version of a policy, or change a draft; the stored row.

    Raises `InvalidPolicy` naming the field, `PolicyNotFound`, `PolicyInForce` and `PolicyWithdrawn` for a version that
    may not be changed.
    """
    await lock_noun(db, "routing_policy")
    given = fields.checked({name: value for name, value in data.items() if name in _FIELDS}, _FIELDS)
    if not given.get("code"):
        fields.check_field("code", None, _FIELDS["code"])
    before = await _before(db, given["code"], given.get("version"))
    values = _content(data, before)
    values["name"] = given.get("name", "" if before is None else before.name)
    values["channel_id"] = await _channel_id(db, given, before)
    draft = before if before is not None and given.get("version") is not None else None
    values["active"] = given.get("active", True if draft is None else draft.active)
    since = given.get("valid_from", None if draft is None else draft.valid_from)
    values["valid_from"] = None if since is None else max(since, db.now)
    if draft is None:
        number = 1 if before is None else before.version + 1
        draft = RoutingPolicy(
            id=new_id(),
            code=given["code"],
            version=number,
            created_at=db.now,
            created_by=db.by[:200],
            updated_at=db.now,
        )
        db.add(draft)
    for name, value in values.items():
        setattr(draft, name, value)
    await touch_masters(db)
    await db.flush()
    return draft


async def _before(db: Session, code: str, version: int | None) -> RoutingPolicy | None:
    """The draft to be changed, or the newest version of the code."""
    found = sa.select(RoutingPolicy).where(RoutingPolicy.code == code).order_by(RoutingPolicy.version.desc()).limit(1)
    if version is None:
        return await db.scalar(found)
    row = await db.scalar(found.where(RoutingPolicy.version == version))
    if row is None:
        raise PolicyNotFound(f"There is no version {version} of {code}.", path=("version",))
    _check_draft(row, db.now)
    return row


def _check_draft(row: RoutingPolicy, now: datetime) -> None:
    if row.withdrawn_at is not None:
        raise PolicyWithdrawn(f"Version {row.version} of {row.code} was withdrawn.", policy=row.code)
    if row.valid_from is not None and row.valid_from <= now:
        raise PolicyInForce(
            f"Version {row.version} of {row.code} is or was in force; save a new version.", policy=row.code
        )


async def _channel_id(db: Session, given: Mapping[str, Any], before: RoutingPolicy | None) -> UUID | None:
    if "channel" not in given:
        return None if before is None else before.channel_id
    if given["channel"] is None:
        return None
    found = await db.scalar(sa.select(SalesChannel.id).where(SalesChannel.code == given["channel"]))
    if found is None:
        raise UnknownReference(f"There is no sales channel {given['channel']}.", path=("channel",))
    return found


def _content(data: PolicyData, before: RoutingPolicy | None) -> dict[str, Any]:
    """Scope, weights and rules of the version, checked."""
    template = _template(data.get("preset"))
    weights = weights_of((template or cost()).weights)
    rules: list[Mapping[str, Any]] = [row_of(rule) for rule in template.rules] if template else []
    if template is None and before is not None:
        weights, rules = {**weights, **before.weights}, list(before.rules)
    weights |= checking.checked_weights(data.get("weights") or {})
    rules = list(data["rules"]) if data.get("rules") is not None else rules
    return {
        "countries": _scope(data, before, "countries", _countries),
        "kinds": _scope(data, before, "kinds", _kinds),
        "weights": weights,
        "rules": [row_of(rule) for rule in checking.checked_rules(rules, weights["shortage_cents"])],
    }


def _template(preset: Preset | None) -> Template | None:
    return None if preset is None else PRESETS[preset]()


def _scope(data: PolicyData, before: RoutingPolicy | None, name: str, check: Any) -> list[str] | None:
    if name not in data:
        return None if before is None else getattr(before, name)
    given = data.get(name)
    return None if given is None else check(given)


def _countries(given: Sequence[str]) -> list[str]:
    found = []
    if not 0 < len(given) <= _MOST_COUNTRIES:
        raise InvalidPolicy("Name at least one country, or none for all.", path=("countries",))
    for index, country in enumerate(given):
        try:
            found.append(fields.country(country))
        except InvalidField as problem:
            raise problem.within("countries", index) from problem
    return sorted(set(found))


def _kinds(given: Sequence[str]) -> list[str]:
    if not given or not set(given) <= set(KINDS):
        raise InvalidPolicy(f"Kinds of order are {', '.join(KINDS)}.", path=("kinds",))
    return sorted(set(given))


async def withdraw_policy(db: Session, policy_id: UUID) -> RoutingPolicy:
    """Take back a version before it is in force; raises `PolicyNotFound`, `PolicyInForce`, `PolicyWithdrawn`."""
    await lock_noun(db, "routing_policy")
    row = await db.get(RoutingPolicy, policy_id)
    if row is None:
        raise PolicyNotFound("There is no such version.", path=("id",))
    _check_draft(row, db.now)
    row.withdrawn_at, row.withdrawn_by = db.now, db.by[:200]
    await touch_masters(db)
    await db.flush()
    return row
