"""A retailer's own words for messages: saved as versions, found for what is to be sent, put back to ours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.documents.formatting import day, money
from kontor.documents.values import Language
from kontor.notifications.errors import InvalidTemplate
from kontor.notifications.models import MessageTemplate
from kontor.notifications.rendering import LANGUAGES, OWN_WORDS, facts_of, render_message, shipped_source, written_in
from kontor.notifications.samples import sample
from kontor.notifications.wording import MUST, Words, check, unreadable, words_of

Place = tuple[str, str, UUID | None]
FARTHEST = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True)
class Own:
    """A version of a retailer's own words."""

    template_id: UUID
    words: Words


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The words in force, by template, language and channel; None as channel stands for all channels."""

    chosen: Mapping[Place, MessageTemplate]

    def of(self, template: str, language: str, channel_id: UUID) -> Own | None:
        """The words for one message, a channel's own before those for all; None when ours are used."""
        row = self.chosen.get((template, language, channel_id)) or self.chosen.get((template, language, None))
        words = None if row is None else words_in(row)
        return None if row is None or words is None else Own(row.id, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """Words as they are given; without a channel for all, without a day from now on."""

    template: str
    language: str
    words: Words
    channel_id: UUID | None = None
    valid_from: datetime | None = None


def words_in(row: MessageTemplate) -> Words | None:
    """What a version says; None when it says that ours are used."""
    if row.subject is None or row.title is None or row.body is None:
        return None
    return Words(row.subject, row.title, row.body)


def in_force(rows: Sequence[MessageTemplate], now: datetime) -> dict[Place, MessageTemplate]:
    """Of each message, language and channel the version that counts: the one that began last, by now. Pure."""
    chosen: dict[Place, MessageTemplate] = {}
    for row in sorted(rows, key=lambda row: (row.valid_from, row.version)):
        if row.valid_from <= now:
            chosen[row.template, row.language, row.channel_id] = row
    return chosen


async def own_words(
    db: Session, templates: Collection[str], channel_ids: Collection[UUID], *, now: datetime
) -> OwnWords:
    """The words in force for messages of some channels."""
    if not templates:
        return OwnWords({})
    table = MessageTemplate
    found = sa.select(table).where(
        table.template.in_(templates), sa.or_(table.channel_id.is_(None), table.channel_id.in_(channel_ids))
    )
    return OwnWords(in_force(list(await db.scalars(found)), now))


async def versions_of(
    db: Session, template: str | None = None, language: str | None = None, channel_id: UUID | None = None
) -> list[MessageTemplate]:
    """Every version of a retailer's own words, the newest first, narrowed to what is given."""
    found = sa.select(MessageTemplate).order_by(
        MessageTemplate.template, MessageTemplate.language, MessageTemplate.version.desc(), MessageTemplate.id
    )
    if template is not None:
        found = found.where(MessageTemplate.template == template)
    if language is not None:
        found = found.where(MessageTemplate.language == language)
    if channel_id is not None:
        found = found.where(MessageTemplate.channel_id == channel_id)
    return list(await db.scalars(found))


def shipped_words(template: str, language: Language) -> Words:
    """Our own words."""
    return words_of(shipped_source(template, language))


def checked(draft: TemplateDraft) -> TemplateDraft:
    """The draft, when each message it could be sent as can be written with it.

    Raises `InvalidTemplate` naming the part and the word at fault, `InvalidInput` for an unknown message or language.
    """
    if draft.template not in OWN_WORDS:
        raise InvalidInput("There is no such message.", code="TEMPLATE_UNKNOWN", path=("template",))
    if draft.language not in LANGUAGES:
        raise InvalidInput("de or en.", code="LANGUAGE_UNKNOWN", path=("language",))
    facts = facts_of(draft.template)
    words = Words(draft.words.subject.strip(), draft.words.title.strip(), draft.words.body.strip())
    try:
        check(draft.template, words, facts.required | facts.optional)
        for names in (facts.required | facts.optional, facts.required):
            told = sample(names, draft.language)
            message = render_message(draft.template, draft.language, told, words)
            if missing := sorted(unsaid(draft.template, told, message.text, draft.language)):
                named = ", ".join(missing)
                raise InvalidTemplate(
                    f"The customer needs {named}.", code="PLACEHOLDER_MISSING", path=("body",), names=named
                )
    except InvalidTemplate:
        raise
    except Exception as problem:  # words can be wrong in more ways than can be named; none of them is our failure
        raise unreadable("body", problem) from problem
    return TemplateDraft(
        template=draft.template, language=draft.language, words=words, channel_id=draft.channel_id,
        valid_from=draft.valid_from,
    )  # fmt: skip


def unsaid(template: str, told: Mapping[str, Any], text: str, language: str) -> set[str]:
    """Of what a message must say, what a text made of these facts does not: naming a fact is not telling it. Pure."""
    there = "".join(text.split())
    return {
        name
        for name in MUST.get(template, frozenset()) & told.keys()
        if not all("".join(each.split()) in there for each in _as_said(told[name], written_in(language)))
    }


def _as_said(value: Any, language: Language) -> list[str]:
    """How a sample fact stands in a message."""
    if isinstance(value, list):
        return [each for part in value for each in (part["codes"] if isinstance(part, dict) else [part])]
    if isinstance(value, int):
        return [money(value, "EUR", language)]
    return [day(value, language)] if isinstance(value, date) else [str(value)]


async def save_template(db: Session, draft: TemplateDraft, *, now: datetime) -> MessageTemplate:
    """A new version of a retailer's words; what is in force anyhow, with nothing else to come, is no new one.

    Raises what `checked` does.
    """
    draft = checked(draft)
    return await _save(db, draft, draft.words, now=now)


async def restore_template(
    db: Session, template: str, language: str, channel_id: UUID | None, *, now: datetime
) -> MessageTemplate:
    """Our own words again, from now on: a version without words. Raises `InvalidInput` for what there is not."""
    if template not in OWN_WORDS:
        raise InvalidInput("There is no such message.", code="TEMPLATE_UNKNOWN", path=("template",))
    if language not in LANGUAGES:
        raise InvalidInput("de or en.", code="LANGUAGE_UNKNOWN", path=("language",))
    draft = TemplateDraft(template=template, language=language, words=Words("", "", ""), channel_id=channel_id)
    return await _save(db, draft, None, now=now)


async def _save(db: Session, draft: TemplateDraft, words: Words | None, *, now: datetime) -> MessageTemplate:
    valid_from = draft.valid_from or now
    if not now - timedelta(minutes=1) <= valid_from <= now + FARTHEST:
        raise InvalidInput("From now on or later, within three years.", code="INVALID_DATE", path=("validFrom",))
    if draft.channel_id is not None and await db.get(SalesChannel, draft.channel_id) is None:
        raise InvalidInput("There is no such channel.", code="CHANNEL_NOT_FOUND", path=("channelId",))
    same = (
        MessageTemplate.template == draft.template,
        MessageTemplate.language == draft.language,
        MessageTemplate.channel_id.is_(None)
        if draft.channel_id is None
        else MessageTemplate.channel_id == draft.channel_id,
    )
    newest = sa.select(MessageTemplate).where(*same).order_by(MessageTemplate.version.desc())
    rows = list(await db.scalars(newest.with_for_update()))
    latest = rows[0] if rows else None
    current = in_force(rows, now).get((draft.template, draft.language, draft.channel_id))
    settled = draft.valid_from is None and all(row.valid_from <= now for row in rows)
    if settled and current is not None and words_in(current) == words:
        return current
    row = MessageTemplate(
        id=new_id(), template=draft.template, language=draft.language, channel_id=draft.channel_id,
        version=latest.version + 1 if latest is not None else 1, subject=words.subject if words else None,
        title=words.title if words else None, body=words.body if words else None, valid_from=valid_from,
        created_at=now, created_by=db.by,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    return row
