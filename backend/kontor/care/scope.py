"""Care looks across channels: who sees only a part of the company does not."""

from kontor.auth.permissions import Permission
from kontor.core.errors import Forbidden
from kontor.core.principal import Principal


def require_whole(principal: Principal) -> None:
    """Raise `Forbidden` for a partner, store, shop or customer, whatever permission they hold."""
    if principal.restricted:
        raise Forbidden("This is for customer care, which sees all channels.", permission=str(Permission.CARE_READ))
