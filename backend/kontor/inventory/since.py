"""What the ledger says happened to a level after a moment."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from kontor.core.db import Session, dumps
from kontor.inventory.allocating import Key
from kontor.inventory.figures import Since


async def booked_since(db: Session, moments: Mapping[int, tuple[Key, datetime]]) -> dict[int, Since]:
    """By position, what was added to a level after a moment; nothing for levels that stood still.

    Figures taken over are no flow: they say what was there, and a newer one says it again.
    """
    if not moments:
        return {}
    values: dict[str, Any]
    if db.sqlite:
        rows = [
            [position, location_id.hex, variant_id.hex, _text(moment)]
            for position, ((location_id, variant_id), moment) in moments.items()
        ]
        values = {"rows": dumps(rows)}
    else:
        values = {
            "positions": list(moments),
            "locations": [key[0] for key, _ in moments.values()],
            "variants": [key[1] for key, _ in moments.values()],
            "moments": [moment for _, moment in moments.values()],
        }
    found = await db.execute(_SQLITE if db.sqlite else _POSTGRES, values)
    return {position: Since(on_hand, allocated) for position, on_hand, allocated in found}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


_POSTGRES = sa.text(
    "SELECT k.position, sum(m.on_hand), sum(m.allocated) FROM unnest(CAST(:positions AS int[]), "
    "CAST(:locations AS uuid[]), CAST(:variants AS uuid[]), CAST(:moments AS timestamptz[])) "
    "AS k(position, location_id, variant_id, moment) JOIN stock_movement AS m ON m.location_id = k.location_id "
    "AND m.variant_id = k.variant_id AND m.at > k.moment AND m.kind <> 'COUNT' GROUP BY k.position"
)
_SQLITE = sa.text(
    "SELECT k.value ->> 0, sum(m.on_hand), sum(m.allocated) FROM json_each(:rows) AS k JOIN stock_movement AS m "
    "ON m.location_id = k.value ->> 1 AND m.variant_id = k.value ->> 2 AND m.at > k.value ->> 3 "
    "AND m.kind <> 'COUNT' GROUP BY 1"
)
