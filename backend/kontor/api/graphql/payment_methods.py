"""The ways to pay that a channel offers by country and amount."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long, MoneyInput
from kontor.auth.permissions import Permission
from kontor.channels.models import SalesChannel
from kontor.channels.queries import get_sales_channel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.payments.offering import MethodRule, methods_of, offered, save_methods
from kontor.payments.states import PaymentMethodKind


@strawberry.type(description="A method that a channel offers in a country, or everywhere. Amounts in minor units.")
class PaymentMethodRule:
    kind: PaymentMethodKind
    country: str | None = strawberry.field(description="None: everywhere that is not named for the method.")
    minimum: Long
    maximum: Long | None
    active: bool


@strawberry.input(description="A method that a channel offers; the order of the list is what customers see.")
class PaymentMethodInput:
    kind: PaymentMethodKind
    country: str | None = None
    minimum: Long = Long(0)
    maximum: Long | None = None
    active: bool = True

    def value(self) -> MethodRule:
        """As the rules take it."""
        maximum = None if self.maximum is None else int(self.maximum)
        return MethodRule(self.kind, self.country or "", int(self.minimum), maximum, self.active)


@strawberry.type
class PaymentMethodsSaved:
    channel_id: UUID
    methods: list[PaymentMethodRule]


PaymentMethodsResult = Annotated[PaymentMethodsSaved | Refusal, strawberry.union("PaymentMethodsResult")]


def _shown(rule: MethodRule) -> PaymentMethodRule:
    maximum = None if rule.maximum is None else Long(rule.maximum)
    return PaymentMethodRule(
        kind=rule.kind, country=rule.country or None, minimum=Long(rule.minimum), maximum=maximum, active=rule.active
    )


def _in_currency(amount: MoneyInput | None, currency: str) -> int | None:
    if amount is None:
        return None
    given = amount.value("amount")
    if given.currency != currency:
        raise InvalidInput(
            f"The channel is in {currency}.", code="CURRENCY_MISMATCH", path=("amount", "currency"), expected=currency
        )
    return given.amount


async def _saved(db: Session, channel_id: UUID) -> PaymentMethodsSaved:
    rules = (await methods_of(db, [channel_id])).get(channel_id, [])
    return PaymentMethodsSaved(channel_id=channel_id, methods=[_shown(rule) for rule in rules])


@strawberry.type
class PaymentMethodsQuery:
    @strawberry.field(
        extensions=[requires(Permission.CHANNELS_READ)],
        description="What a channel says of its methods, in order: all of it, or what it offers in a country, also "
        "for an amount. A channel that says nothing takes every method it names.",
    )
    async def payment_methods(
        self, info: Info, channel: str, country: str | None = None, amount: MoneyInput | None = None
    ) -> list[PaymentMethodRule]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await get_sales_channel(db, code=channel)
            rules = (await methods_of(db, [row.id])).get(row.id, [])
        if country is not None:
            rules = offered(rules, country, _in_currency(amount, row.currency))
        return [_shown(rule) for rule in rules]


@strawberry.type
class PaymentMethodsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CHANNELS_WRITE)],
        description="Put this list in place of what a channel says of its methods; an empty one takes every method "
        "the channel names.",
    )
    async def save_payment_methods(
        self, info: Info, channel: str, methods: list[PaymentMethodInput]
    ) -> PaymentMethodsResult:
        async def work(db: Session) -> PaymentMethodsSaved:
            row: SalesChannel = await get_sales_channel(db, code=channel)
            await save_methods(db, row, [each.value() for each in methods])
            return await _saved(db, row.id)

        async def again(db: Session, ids: list[UUID]) -> PaymentMethodsSaved:
            return await _saved(db, (await get_sales_channel(db, id=ids[0])).id)

        return await change(
            info, work, body=[channel, methods], again=again, targets=lambda done: [("sales_channel", done.channel_id)]
        )
