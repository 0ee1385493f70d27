"""The company's OpenID Connect: who may vouch for the people of this installation, or of one partner."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth import models, openid
from kontor.auth.permissions import Permission
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import KontorError


@strawberry.type(description="A provider of OpenID Connect; its secret is never shown.")
class IdentityProvider:
    id: UUID
    name: str
    issuer: str
    client_id: str
    domains: list[str]
    active: bool

    @classmethod
    def of(cls, row: models.IdentityProvider) -> IdentityProvider:
        """As the API shows it."""
        names = ("id", "name", "issuer", "client_id", "domains", "active")
        return cls(**{name: getattr(row, name) for name in names})


@strawberry.input(description="A provider; without a secret the present one stays.")
class IdentityProviderInput:
    name: str
    issuer: str
    client_id: str
    client_secret: str | None = None
    domains: list[str] = strawberry.field(
        default_factory=list, description="Of mail addresses; without any, people have to be known by subject."
    )
    active: bool = True

    def values(self) -> openid.ProviderInput:
        """As the service takes it."""
        return openid.ProviderInput(
            self.name, self.issuer, self.client_id, self.client_secret, tuple(self.domains), self.active
        )


@strawberry.type
class IdentityProviderPayload:
    identity_provider: IdentityProvider


@strawberry.type
class IdentityProviderRemoved:
    id: UUID


IdentityProviderResult = Annotated[IdentityProviderPayload | Refusal, strawberry.union("IdentityProviderResult")]
RemovedProviderResult = Annotated[IdentityProviderRemoved | Refusal, strawberry.union("RemovedProviderResult")]


@strawberry.type
class IdentityProvidersQuery:
    @strawberry.field(
        extensions=[requires(Permission.SETTINGS_READ, Permission.PARTNERSHIP_WRITE)],
        description="The providers of the installation, or of the caller's own partner.",
    )
    async def identity_providers(self, info: Info) -> list[IdentityProvider]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            return [IdentityProvider.of(each) for each in await openid.providers(db, partner_id=principal.partner_id)]


@strawberry.type
class IdentityProvidersMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.SETTINGS_WRITE, Permission.PARTNERSHIP_WRITE, person=True)],
        description="Add a provider, or change the one of `id`; a partner has one at most.",
    )
    async def save_identity_provider(
        self, info: Info, input: IdentityProviderInput, id: UUID | None = None
    ) -> IdentityProviderResult:
        partner_id, settings = info.context.principal.partner_id, info.context.runtime.settings

        async def work(db: Session) -> models.IdentityProvider:
            try:
                return await openid.save_provider(
                    db, input.values(), partner_id=partner_id, provider_id=id, now=wall(),
                    plain_http=settings.webhooks_to_private,
                )  # fmt: skip
            except KontorError as problem:
                raise problem if problem.path == ("id",) else problem.within("input") from None

        async def again(db: Session, ids: list[UUID]) -> models.IdentityProvider:
            return await openid.lock_provider(db, ids[0], partner_id=partner_id)

        # As with passwords, the secret is no part of the fingerprint.
        body = [id, input.name, input.issuer, input.client_id, input.domains, input.active]
        row = await change(
            info, work, body=body, targets=lambda made: [("identityProvider", made.id)], again=again,
            details={"issuer": input.issuer, "domains": input.domains, "active": input.active},
        )  # fmt: skip
        return IdentityProviderPayload(identity_provider=IdentityProvider.of(row))

    @strawberry.mutation(
        extensions=[requires(Permission.SETTINGS_WRITE, Permission.PARTNERSHIP_WRITE, person=True)],
        description="Forget a provider and whom it vouched for; accounts stay.",
    )
    async def remove_identity_provider(self, info: Info, id: UUID) -> RemovedProviderResult:
        partner_id = info.context.principal.partner_id

        async def work(db: Session) -> None:
            await db.delete(await openid.lock_provider(db, id, partner_id=partner_id))

        async def again(db: Session, ids: list[UUID]) -> None:
            return None

        await change(info, work, body=[id], targets=lambda _: [("identityProvider", id)], again=again)
        return IdentityProviderRemoved(id=id)
