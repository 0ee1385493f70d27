"""What customers of a shop may do alone: the rules of channels, and what they mean for an order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal, text_of
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.channels.models import SalesChannel
from kontor.channels.queries import visible_to
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.orders import queries as orders
from kontor.selfservice import service
from kontor.selfservice.models import SelfServicePolicy as Row
from kontor.selfservice.policy import DEFAULT, Act, Policy, Until

strawberry.enum(
    Until,
    name="SelfServiceUntil",
    description="RELEASED: until the goods are given to a place; BEGUN: until it has begun; SHIPPED: until they have "
    "left, a place that has begun being asked first.",
)
strawberry.enum(Act, name="SelfServiceAct")


@strawberry.type(description="What customers may do alone.")
class SelfServiceRules:
    cancel: Until
    reduce: Until = strawberry.field(description="Take a smaller quantity.")
    add: Until
    swap: Until
    address: Until
    delivery: Until
    date: Until
    returns: bool
    return_days: int | None = strawberry.field(description="Null: as long as the channel takes returns.")
    exchanges: bool = strawberry.field(description="Ask for another article in place of goods, as long.")
    claims: bool = strawberry.field(description="Report goods that are wrong, damaged or missing.")


@strawberry.type(description="What customers of a channel may do alone from a moment on; a version, never changed.")
class SelfServicePolicy(SelfServiceRules):
    channel_id: UUID
    version: int
    valid_from: datetime
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: Row) -> SelfServicePolicy:
        """As the API shows it."""
        rules = Policy.from_json(row.rules).as_json()
        return cls(
            channel_id=row.channel_id, version=row.version, valid_from=row.valid_from, created_at=row.created_at,
            created_by=row.created_by, **rules,
        )  # fmt: skip


@strawberry.type(description="A channel, and what its customers may do alone.")
class SelfServiceChannel:
    channel_id: UUID
    code: str
    name: str
    return_days: int = strawberry.field(description="As long as the channel takes returns; always counts.")
    in_force: SelfServicePolicy | None = strawberry.field(description="Null: it goes by what ships with Kontor.")
    shipped: SelfServiceRules = strawberry.field(description="What counts where a channel has no rules of its own.")
    versions: list[SelfServicePolicy] = strawberry.field(description="All of them, what begins last first.")


@strawberry.input(description="What customers may do alone; what is not given is as it comes.")
class SelfServicePolicyInput:
    cancel: Until = Until.BEGUN
    reduce: Until = Until.BEGUN
    add: Until = Until.NEVER
    swap: Until = Until.NEVER
    address: Until = Until.RELEASED
    delivery: Until = Until.NEVER
    date: Until = Until.RELEASED
    returns: bool = True
    return_days: int | None = None
    exchanges: bool = False
    claims: bool = True

    def value(self) -> Policy:
        """As the service takes it."""
        return Policy(**vars(self))


@strawberry.type(description="Something a customer may do alone or not; `code` and `message` say why not.")
class SelfServiceAllowance:
    act: Act
    allowed: bool
    code: str | None
    message: str | None = strawberry.field(description="In words the shop can show, in the language asked for.")


@strawberry.type(description="A line of the order: pieces that can be canceled alone, and whether it can come back.")
class SelfServiceLine:
    line_id: UUID
    cancelable: int
    returnable: bool
    returnable_until: date | None


@strawberry.type(description="What the customer of an order may do alone now.")
class SelfService:
    order_id: UUID
    acts: list[SelfServiceAllowance]
    lines: list[SelfServiceLine]


SaveSelfServicePolicyResult = Annotated[SelfServicePolicy | Refusal, strawberry.union("SaveSelfServicePolicyResult")]


@strawberry.type
class SelfServiceQuery:
    @strawberry.field(
        extensions=[requires(Permission.CHANNELS_READ)],
        description="The rules of the channels that have some of their own; the others go by the defaults.",
    )
    async def self_service_policies(self, info: Info) -> list[SelfServicePolicy]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            rows = await service.policies(db, principal.channel_ids)
        if principal.restricted and principal.channel_ids is None:
            return []
        return [SelfServicePolicy.of(row) for row in rows.values()]

    @strawberry.field(
        extensions=[requires(Permission.CHANNELS_READ)],
        description="Every channel with the rules that count, and all there ever were or are to come.",
    )
    async def self_service_channels(self, info: Info) -> list[SelfServiceChannel]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = sa.select(SalesChannel).where(visible_to(db.principal)).order_by(SalesChannel.name, SalesChannel.id)
            channels = list(await db.scalars(found))
            kept, now = await service.versions(db, [row.id for row in channels]), db.now
        shipped = SelfServiceRules(**DEFAULT.as_json())
        shown = []
        for channel in channels:
            rows = kept.get(channel.id, [])
            chosen = service.in_force(rows, now)
            shown.append(
                SelfServiceChannel(
                    channel_id=channel.id, code=channel.code, name=channel.name, return_days=channel.return_days,
                    in_force=None if chosen is None else SelfServicePolicy.of(chosen), shipped=shipped,
                    versions=[SelfServicePolicy.of(row) for row in rows],
                )
            )  # fmt: skip
        return shown

    @strawberry.field(
        extensions=[requires(Permission.ORDERS_READ)],
        description="What the customer of an order may do alone now, with the reasons why not.",
    )
    async def self_service(self, info: Info, order_id: UUID) -> SelfService:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            order = await orders.get_order(db, order_id, db.principal)
            lines = (await orders.lines_of(db, [order.id]))[order.id]
            offer = await service.offer_of(db, order, lines, now=db.now)
        acts = []
        for act in Act:
            problem = offer.hindered.get(act)
            acts.append(
                SelfServiceAllowance(
                    act=act, allowed=problem is None, code=problem.code if problem else None,
                    message=text_of(problem, info.context.language) if problem else None,
                )
            )  # fmt: skip
        shown = [
            SelfServiceLine(
                line_id=line.id, cancelable=offer.cancelable.get(line.id, 0),
                returnable=line.id in offer.returnable_until, returnable_until=offer.returnable_until.get(line.id),
            )
            for line in lines
        ]  # fmt: skip
        return SelfService(order_id=order.id, acts=acts, lines=shown)


@strawberry.type
class SelfServiceMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CHANNELS_WRITE)],
        description="The rules of a channel, by its code: a new version, in force at once or from a moment on. With "
        "`newest` only as long as that is the newest version there is, 0 for none.",
    )
    async def save_self_service_policy(
        self,
        info: Info,
        channel: str,
        rules: SelfServicePolicyInput,
        valid_from: datetime | None = None,
        newest: int | None = None,
    ) -> SaveSelfServicePolicyResult:
        policy = rules.value()

        async def work(db: Session) -> Row:
            row = await service.save_policy(db, channel, policy, valid_from=valid_from, newest=newest, now=db.now)
            if db.principal.restricted and row.channel_id not in (db.principal.channel_ids or ()):
                raise InvalidInput("There is no such channel.", code="CHANNEL_NOT_FOUND", path=("channel",))
            return row

        async def again(db: Session, ids: list[UUID]) -> Row:
            return await db.get_one(Row, ids[0])

        row = await change(
            info, work, body=[channel, policy, valid_from, newest], again=again,
            targets=lambda done: [("self_service_policy", done.id), ("channel", done.channel_id)],
            details={"rules": policy.as_json()},
        )  # fmt: skip
        return SelfServicePolicy.of(row)
