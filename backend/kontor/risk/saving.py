"""Saving the retailer's own rules and the lists of blocked and trusted values; checked when saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Required, TypedDict

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core import expressions
from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.imports import fields
from kontor.imports.errors import UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import (
    Draft,
    RowResult,
    attempt,
    drafts_of,
    existing_rows,
    good,
    ids_of,
    lock_noun,
    match_existing,
    results_of,
    writable,
    write_drafts,
)
from kontor.risk import rules
from kontor.risk.errors import InvalidListEntry, InvalidRiskRule
from kontor.risk.models import RiskListEntry, RiskRule
from kontor.risk.values import Decision, Knowledge, ListKind, Subject

RULE_FIELDS: dict[str, Field] = {
    "code": Field(fields.code(40)),
    "channel": Field(fields.code(40), empty=True),
    "condition": Field(fields.text(2000)),
    "score": Field(fields.integer(-1000, 1000), default=0),
    "decision": Field(fields.choice(Decision), empty=True),
    "text": Field(fields.facts(2000), default={}),
    "active": Field(fields.flag, default=True),
}
ENTRY_FIELDS: dict[str, Field] = {
    "kind": Field(fields.choice(ListKind)),
    "value": Field(fields.text(254)),
    "blocked": Field(fields.flag, default=True),
    "reason": Field(fields.text(300)),
    "until": Field(fields.moment, empty=True),
}
_SAMPLE = rules.facts_of(Subject(0, "EUR", "DE", {}, None, {}), Knowledge())


class RiskRuleData(TypedDict, total=False):
    """A rule by its code; fields that are not given stay as they are. `channel` is a code, None means all."""

    code: Required[str]
    channel: str | None
    condition: str
    score: int
    decision: Decision | None
    text: dict[str, Any]
    active: bool


class RiskListEntryData(TypedDict, total=False):
    """A blocked (or trusted) value by its kind and value; an `until` in the past takes it off the list."""

    kind: Required[ListKind]
    value: Required[str]
    blocked: bool
    reason: str
    until: datetime | None


async def save_risk_rules(
    db: Session, rows: Sequence[RiskRuleData], *, all_or_nothing: bool = False
) -> list[RowResult]:
    """Add or change rules by code, one result per row. A condition that is no readable yes or no is refused."""
    await lock_noun(db, "risk_rule")
    drafts = drafts_of(rows, RULE_FIELDS, "code")
    known = await existing_rows(db, RiskRule.__table__.c.code, {draft.key for draft in good(drafts)})
    match_existing(drafts, known, RULE_FIELDS)
    await _resolve_channels(db, drafts)
    for draft in good(drafts):
        attempt(draft, lambda draft=draft: _check_rule(draft))  # type: ignore[misc]
    await write_drafts(db, RiskRule, writable(drafts, all_or_nothing), known)
    return results_of(drafts)


async def _resolve_channels(db: Session, drafts: Sequence[Draft]) -> None:
    named = [draft for draft in good(drafts) if "channel" in draft.values]
    codes = {draft.values["channel"] for draft in named} - {None}
    ids = await ids_of(db, SalesChannel.code, SalesChannel.id, codes)
    for draft in named:
        code = draft.values.pop("channel")
        if code is None or code in ids:
            draft.values["channel_id"] = ids.get(code)
        else:
            draft.refuse(UnknownReference(f"There is no sales channel {code}.", path=("channel",)))


def _check_rule(draft: Draft) -> None:
    text = draft.values.get("text", {})
    if not all(name in ("de", "en") and isinstance(words, str) and len(words) <= 300 for name, words in text.items()):
        raise InvalidRiskRule("The text is {de, en}, each of at most 300 characters.", path=("text",))
    condition = draft.values.get("condition")
    if condition is None:
        return
    expressions.check(condition, path=("condition",))
    try:
        expressions.holds(condition, _SAMPLE)
    except KontorError as problem:
        # What a channel sends along in `facts` differs from order to order; everything else is always there.
        if problem.code == "EXPRESSION_FAILED" and "facts" in condition:
            return
        raise InvalidRiskRule(
            f"{problem.message} Known are {', '.join(_SAMPLE)}.", code=problem.code, path=("condition",)
        ) from problem


async def save_risk_list_entries(
    db: Session, rows: Sequence[RiskListEntryData], *, all_or_nothing: bool = False
) -> list[RowResult]:
    """Block or trust values by kind and value, one result per row. Values are kept as they are compared."""
    await lock_noun(db, "risk_list_entry")
    drafts = [_entry_draft(index, row) for index, row in enumerate(rows)]
    seen: set[str] = set()
    for draft in good(drafts):
        if draft.key in seen:
            draft.refuse(InvalidListEntry(f"{draft.key} stands twice in this call.", path=("value",)))
        seen.add(draft.key)
    known = await _known_entries(db, drafts)
    for draft in good(drafts):
        match_existing([draft], {draft.values["value"]: known[draft.key]} if draft.key in known else {}, ENTRY_FIELDS,
                       key="value")  # fmt: skip
    fresh = {"created_by": db.by}
    await write_drafts(
        db, RiskListEntry, writable(drafts, all_or_nothing), known, key="key",
        columns=lambda draft: draft.values if draft.key in known else draft.values | fresh,
    )  # fmt: skip
    return results_of(drafts)


def _entry_draft(index: int, row: RiskListEntryData) -> Draft:
    """Checked like any row; its key is made of kind and normalized value."""
    (draft,) = drafts_of([row], ENTRY_FIELDS, "value")
    draft.index = index
    if draft.problem is None and "kind" not in draft.values:
        draft.refuse(InvalidListEntry("kind is needed.", path=("kind",)))
    if draft.problem is None:
        kind = draft.values["kind"]
        draft.values["value"] = rules.key_of(kind, draft.values["value"])
        if not draft.values["value"]:
            draft.refuse(InvalidListEntry("Nothing is left of the value when it is compared.", path=("value",)))
        draft.key = f"{kind}:{draft.values['value']}"
    return draft


async def _known_entries(db: Session, drafts: Sequence[Draft]) -> dict[str, dict[str, Any]]:
    pairs = sorted({(str(draft.values["kind"]), draft.values["value"]) for draft in good(drafts)})
    table = RiskListEntry.__table__
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(pairs, 400):
        rows = await db.execute(sa.select(table).where(sa.tuple_(table.c.kind, table.c.value).in_(part)))
        for row in rows.mappings():
            found[f"{row['kind']}:{row['value']}"] = dict(row)
    return found
