"""Messages in a retailer's own words: seen, tried with a real order, kept as versions, put back to ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.models import User
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import Conflict, InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import schedule
from kontor.core.principal import Principal, PrincipalKind
from kontor.notifications import own_words, previewing
from kontor.notifications.models import MessageTemplate as Row
from kontor.notifications.rendering import LANGUAGES, OWN_WORDS, facts_of
from kontor.notifications.wording import MUST, Words

Work = Callable[[Session], Awaitable["MessageTemplateVersion"]]


@strawberry.type(description="The three parts of a message; the greeting, the frame and the footer are added.")
class MessageWords:
    subject: str
    title: str
    body: str

    @classmethod
    def of(cls, words: Words) -> MessageWords:
        """As the API shows them."""
        return cls(subject=words.subject, title=words.title, body=words.body)


@strawberry.type(description="A version of a retailer's own words, never changed.")
class MessageTemplateVersion:
    id: UUID
    template: str
    language: str
    channel_id: UUID | None = strawberry.field(description="Null: of all channels without one of their own.")
    version: int
    words: MessageWords | None = strawberry.field(description="Null: from then on ours are used again.")
    valid_from: datetime
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: Row) -> MessageTemplateVersion:
        """As the API shows it."""
        words = own_words.words_in(row)
        return cls(
            id=row.id, template=row.template, language=row.language, channel_id=row.channel_id, version=row.version,
            words=MessageWords.of(words) if words else None, valid_from=row.valid_from, created_at=row.created_at,
            created_by=row.created_by,
        )  # fmt: skip


@strawberry.type(description="A message in one language: ours, and what a retailer says instead.")
class MessageTemplate:
    template: str
    language: str
    shipped: MessageWords = strawberry.field(description="Our words; what is not written anew stays like this.")
    placeholders: list[str] = strawberry.field(description="What a template of this message may name.")
    optional: list[str] = strawberry.field(description="Of these the ones an order may lack: name them within an if.")
    needed: list[str] = strawberry.field(description="What it has to name.")
    versions: list[MessageTemplateVersion] = strawberry.field(description="Own words, the newest version first.")
    in_force: MessageTemplateVersion | None = strawberry.field(
        description="The version that counts now for the channel asked for; null: our words."
    )


@strawberry.type(description="A message as it would read for an order. Nothing of it is kept or sent.")
class TemplatePreview:
    subject: str
    text: str
    html: str
    body: str = strawberry.field(description="What it says between greeting and regards, as plain text.")
    placeholders: list[str]
    imagined: list[str] = strawberry.field(description="Facts this order does not have, which were made up.")

    @classmethod
    def of(cls, made: previewing.Preview) -> TemplatePreview:
        """As the API shows it."""
        return cls(
            subject=made.message.subject, text=made.message.text, html=made.message.html, body=made.body,
            placeholders=list(made.placeholders), imagined=list(made.imagined),
        )  # fmt: skip


@strawberry.input(description="A message in own words; without a channel for all, without a day from now on.")
class MessageTemplateInput:
    template: str
    language: str
    subject: str
    title: str
    body: str
    channel_id: UUID | None = UNSET
    valid_from: datetime | None = UNSET

    def value(self) -> own_words.TemplateDraft:
        """As the service takes it."""
        return own_words.TemplateDraft(
            template=self.template, language=self.language, words=Words(self.subject, self.title, self.body),
            channel_id=self.channel_id or None, valid_from=self.valid_from or None,
        )  # fmt: skip


SaveMessageTemplateResult = Annotated[MessageTemplateVersion | Refusal, strawberry.union("SaveMessageTemplateResult")]


@strawberry.type(description="A message on its way to the address of whoever asked for it.")
class TestMessage:
    recipient: str


def _check_channel(principal: Principal, channel_id: UUID | None) -> None:
    """Who sees some channels only writes for these alone. Raises `InvalidInput`."""
    if principal.restricted and (principal.channel_ids is None or channel_id not in principal.channel_ids):
        raise InvalidInput("There is no such channel.", code="CHANNEL_NOT_FOUND", path=("channelId",))


@strawberry.type
class MessageTemplatesQuery:
    @strawberry.field(
        extensions=[requires(Permission.NOTIFICATIONS_READ)],
        description="What customers are told in a language, by template; in force: for the channel, or for all.",
    )
    async def message_templates(
        self, info: Info, language: str, channel_id: UUID | None = None, template: str | None = None
    ) -> list[MessageTemplate]:
        if language not in LANGUAGES:
            raise InvalidInput("de or en.", code="LANGUAGE_UNKNOWN", path=("language",))
        wanted = [each for each in OWN_WORDS if template in (None, each)]
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            rows = await own_words.versions_of(db, template, language)
            now = db.now
        if principal.restricted:
            rows = [row for row in rows if row.channel_id is None or row.channel_id in (principal.channel_ids or ())]
        rows = [row for row in rows if row.channel_id in (None, channel_id)]
        chosen = own_words.in_force(rows, now)
        found = []
        for name in wanted:
            facts = facts_of(name)
            row = chosen.get((name, language, channel_id)) or chosen.get((name, language, None))
            found.append(
                MessageTemplate(
                    template=name, language=language,
                    shipped=MessageWords.of(own_words.shipped_words(name, "de" if language == "de" else "en")),
                    placeholders=sorted(facts.required | facts.optional), optional=sorted(facts.optional),
                    needed=sorted(MUST.get(name, ())),
                    versions=[MessageTemplateVersion.of(each) for each in rows if each.template == name],
                    in_force=MessageTemplateVersion.of(row) if row is not None else None,
                )
            )  # fmt: skip
        return found

    @strawberry.field(
        extensions=[requires(Permission.NOTIFICATIONS_READ)],
        description="A draft written with the facts of an order; without a draft the message as it would go out today."
        " One about a delay names the day, where it is told.",
    )
    async def preview_message(
        self,
        info: Info,
        order_id: UUID,
        template: str | None = None,
        draft: MessageTemplateInput | None = None,
        expected_on: date | None = None,
    ) -> TemplatePreview:
        base_url = info.context.runtime.settings.base_url
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            if draft is not None:
                made = await previewing.preview_message(db, draft.value(), order_id, base_url=base_url)
            elif template is not None:
                made = await previewing.preview_in_force(
                    db, template, order_id, now=db.now, base_url=base_url, expected_on=expected_on
                )
            else:
                raise InvalidInput("Name a message or give a draft.", code="TEMPLATE_UNKNOWN", path=("template",))
        return TemplatePreview.of(made)


@strawberry.type
class MessageTemplatesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.NOTIFICATIONS_WRITE)],
        description="A message in own words: a new version; what was sent stays as it was.",
    )
    async def save_message_template(self, info: Info, input: MessageTemplateInput) -> SaveMessageTemplateResult:
        draft = input.value()

        async def work(db: Session) -> MessageTemplateVersion:
            _check_channel(db.principal, draft.channel_id)
            return MessageTemplateVersion.of(await own_words.save_template(db, draft, now=db.now))

        return await _changed(info, work, draft, {"template": draft.template, "language": draft.language})

    @strawberry.mutation(
        extensions=[requires(Permission.NOTIFICATIONS_WRITE)], description="Back to our words, as a version of its own."
    )
    async def restore_message_template(
        self, info: Info, template: str, language: str, channel_id: UUID | None = None
    ) -> SaveMessageTemplateResult:
        async def work(db: Session) -> MessageTemplateVersion:
            _check_channel(db.principal, channel_id)
            row = await own_words.restore_template(db, template, language, channel_id, now=db.now)
            return MessageTemplateVersion.of(row)

        told = {"template": template, "language": language}
        return await _changed(info, work, [template, language, channel_id], told)

    @strawberry.mutation(
        extensions=[requires(Permission.NOTIFICATIONS_WRITE)],
        description="Send a draft, written with the facts of an order, to the caller's own address.",
    )
    async def send_test_message(
        self, info: Info, order_id: UUID, draft: MessageTemplateInput
    ) -> Annotated[TestMessage | Refusal, strawberry.union("SendTestMessageResult")]:
        base_url = info.context.runtime.settings.base_url

        async def to(db: Session) -> TestMessage:
            person = await db.get(User, db.principal.id) if db.principal.kind is PrincipalKind.USER else None
            if person is None:
                raise Conflict("Only a person has an address to send to.", code="NO_ADDRESS_TO_TEST")
            return TestMessage(recipient=person.email)

        async def work(db: Session) -> TestMessage:
            made = await previewing.preview_message(db, draft.value(), order_id, base_url=base_url)
            sent = await to(db)
            args = {
                "id": str(new_id()), "to": sent.recipient, "subject": f"[Test] {made.message.subject}",
                "text": made.message.text, "html": made.message.html,
            }  # fmt: skip
            schedule(db, "notifications.send_test", args)
            return sent

        async def again(db: Session, ids: list[UUID]) -> TestMessage:
            return await to(db)

        return await change(info, work, body=[order_id, draft], again=again, targets=lambda _: [("order", order_id)])


async def _changed(info: Info, work: Work, body: object, details: dict[str, str]) -> MessageTemplateVersion:
    async def again(db: Session, ids: list[UUID]) -> MessageTemplateVersion:
        return MessageTemplateVersion.of(await db.get_one(Row, ids[0]))

    return await change(
        info, work, body=body, again=again, targets=lambda done: [("message_template", done.id)], details=details
    )
