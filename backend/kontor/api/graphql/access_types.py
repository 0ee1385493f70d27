"""The types of one's own ways to sign in, and of the people of a partner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.auth_types import User
from kontor.api.graphql.errors import Refusal
from kontor.auth import models
from kontor.auth.permissions import Role
from kontor.auth.service import UserInput


@strawberry.type(description="A passkey, as its person named it.")
class Passkey:
    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: models.UserPasskey) -> Passkey:
        """As the API shows it."""
        return cls(id=row.id, name=row.name, created_at=row.created_at, last_used_at=row.last_used_at)


@strawberry.type(description="A browser that is signed in.")
class SignedInBrowser:
    id: UUID
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    current: bool = strawberry.field(description="Whether it is the one that asks.")


@strawberry.type(description="How the caller signs in, and where they are signed in.")
class MyAccess:
    user: User
    has_password: bool
    second_factor: bool
    recovery_codes_left: int | None
    passkeys: list[Passkey]
    sessions: list[SignedInBrowser]

    @classmethod
    def of(
        cls,
        user: models.User,
        keys: Sequence[models.UserPasskey],
        sessions: Sequence[models.UserSession],
        *,
        codes_left: int | None,
        current: UUID | None,
    ) -> MyAccess:
        """As the API shows it."""
        browsers = [
            SignedInBrowser(
                id=each.id, user_agent=each.user_agent, created_at=each.created_at, last_seen_at=each.last_seen_at,
                current=each.id == current,
            )
            for each in sessions
        ]  # fmt: skip
        return cls(
            user=User.of(user),
            has_password=bool(user.password_hash),
            second_factor=codes_left is not None,
            recovery_codes_left=codes_left,
            passkeys=[Passkey.of(each) for each in keys],
            sessions=browsers,
        )


@strawberry.type
class MyAccessPayload:
    my_access: MyAccess


@strawberry.type(description="What an app needs to make codes; in force only when a first code confirmed it.")
class SecondFactorEnrollment:
    secret: str = strawberry.field(description="To type where nothing can be scanned.")
    uri: str
    qr: str = strawberry.field(description="The QR code of the address, an SVG as a data URI.")


@strawberry.type
class SecondFactorPayload:
    my_access: MyAccess
    recovery_codes: list[str] = strawberry.field(
        description="Each good for once, shown this once; empty when the call was repeated."
    )


@strawberry.type(description="What the browser needs to make a passkey; `step` goes back with its answer.")
class PasskeyOffer:
    step: str
    options: JSON


@strawberry.type(description="Somebody of the caller's own company.")
class Colleague:
    id: UUID
    name: str
    email: str
    role: Role
    invited: bool = strawberry.field(description="Whether they have not begun yet.")
    last_signed_in_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Colleague:
        """As the API shows it."""
        return cls(
            id=row.id, name=row.name, email=row.email, role=row.role, invited=row.last_signed_in_at is None,
            last_signed_in_at=row.last_signed_in_at,
        )  # fmt: skip


@strawberry.input(description="Whom to invite to a partner.")
class ColleagueInput:
    email: str
    name: str
    role: Role = Role.DROPSHIPPER_STAFF
    language: str = "en"

    def values(self, partner_id: UUID) -> UserInput:
        """As the service takes it."""
        return UserInput(self.email, self.name, self.role, partner_id, language=self.language)


@strawberry.type
class ColleaguePayload:
    colleague: Colleague


MyAccessResult = Annotated[MyAccessPayload | Refusal, strawberry.union("MyAccessResult")]
EnrollmentResult = Annotated[SecondFactorEnrollment | Refusal, strawberry.union("EnrollmentResult")]
SecondFactorResult = Annotated[SecondFactorPayload | Refusal, strawberry.union("SecondFactorResult")]
PasskeyOfferResult = Annotated[PasskeyOffer | Refusal, strawberry.union("PasskeyOfferResult")]
ColleagueResult = Annotated[ColleaguePayload | Refusal, strawberry.union("ColleagueResult")]
