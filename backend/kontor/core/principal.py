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

    @property
    def outside(self) -> bool:
        """Whether the caller is a customer or a shop: who decided what inside the company is not for them."""
        return self.customer_id is not None or self.channel_ids is not None

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
