"""Who acts, what they may do and how far they may see."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from kontor.core.errors import Forbidden


class PrincipalKind(StrEnum):
    """What sort of actor stands behind a call."""

    USER = "USER"
    CLIENT = "CLIENT"
    CUSTOMER = "CUSTOMER"
    SYSTEM = "SYSTEM"
    ANONYMOUS = "ANONYMOUS"


@dataclass(frozen=True, slots=True)
class Principal:
    """The actor of a call. A scope of `None` means unrestricted; an empty one means nothing at all."""

    kind: PrincipalKind
    id: UUID | None = None
    name: str = ""
    permissions: frozenset[str] = field(default_factory=frozenset)
    partner_id: UUID | None = None
    location_ids: frozenset[UUID] | None = None
    channel_ids: frozenset[UUID] | None = None
    customer_id: UUID | None = None
    # By which session a person acts; the same person by another session is the same actor.
    session_id: UUID | None = field(default=None, compare=False)

    def may(self, permission: str) -> bool:
        """Whether the permission is held; the system holds all."""
        return self.kind is PrincipalKind.SYSTEM or permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `Forbidden` when the permission is not held."""
        if not self.may(permission):
            raise Forbidden(f"This needs the permission {permission}.", permission=str(permission))

    def require_person(self) -> None:
        """Raise `Forbidden` for machines and customers: who lets people in, or says who vouches for them, is a person.

        The system is the installation itself, which no key speaks for.
        """
        if self.kind not in (PrincipalKind.USER, PrincipalKind.SYSTEM):
            raise Forbidden("This is for people, not for machines.", code="PERSON_NEEDED")

    @property
    def outside(self) -> bool:
        """Whether the caller is a customer or a shop: who decided what inside the company is not for them."""
        return self.customer_id is not None or self.channel_ids is not None

    @property
    def inside(self) -> bool:
        """Whether the caller is one of the company: the names of its people and their words are for them alone."""
        return not self.outside and self.partner_id is None

    @property
    def restricted(self) -> bool:
        """Whether any scope narrows what is seen."""
        return not (
            self.partner_id is None
            and self.location_ids is None
            and self.channel_ids is None
            and self.customer_id is None
        )


SYSTEM = Principal(PrincipalKind.SYSTEM, name="Kontor")
ANONYMOUS = Principal(PrincipalKind.ANONYMOUS, name="anonymous")
