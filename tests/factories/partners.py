"""Partners."""

from typing import Any

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.partners.models import Partner, PartnerKind
from kontor.partners.states import PartnerState


async def make_partner(db: Session, **given: Any) -> Partner:
    """An active German dropshipper."""
    values: dict[str, Any] = {
        "id": new_id(),
        "code": f"partner-{new_id().hex[-8:]}",
        "name": "Nordlicht Möbel",
        "kind": PartnerKind.DROPSHIPPER,
        "state": PartnerState.ACTIVE,
        "email": "orders@nordlicht.example",
        "language": "de",
        "country": "DE",
        "agreement": {"answer_hours": 24},
        "created_at": db.now,
        "updated_at": db.now,
    }
    partner = Partner(**(values | given))
    db.add(partner)
    await db.flush()
    return partner
