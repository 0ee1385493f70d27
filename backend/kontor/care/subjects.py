"""What cases are about, as statements see it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind
from kontor.core.db import Session


def unknown(kind: CaseKind, subject: Any, *, ended_after: datetime | None = None) -> Any:
    """No case of the kind about the subject is open, and none has ended after a moment, if that is given."""
    known = Case.state != CaseState.DONE
    if ended_after is not None:
        known = sa.or_(known, Case.updated_at > ended_after)
    return ~sa.exists().where(Case.subject_key == sa.literal(f"{kind.lower()}:") + subject, known)


def as_text(db: Session, column: Any) -> Any:
    """An id as cases write it in their subject."""
    if not db.sqlite:
        return sa.cast(column, sa.Text)
    raw = sa.func.lower(sa.cast(column, sa.Text))
    parts = [sa.func.substr(raw, start, length) for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    joined: Any = parts[0]
    for part in parts[1:]:
        joined = joined + "-" + part
    return joined
