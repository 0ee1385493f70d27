"""What a person's decision means besides the process going on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.orders import queries as orders
from kontor.processes import queries
from kontor.processes.models import UserTask
from kontor.processes.service import check_outcome, complete_user_task
from kontor.risk import service as risk

REVIEW_RISK = "review_risk"


async def decide(db: Session, task_id: UUID, *, outcome: str, note: str | None, now: datetime) -> UserTask:
    """Decide a task the principal of the session may see. A risk review also settles the assessment and its hold.

    Raises `UserTaskNotFound`, `UserTaskDone`, `UnknownOutcome`, `Forbidden`, and what a review raises.
    """
    task = await queries.lock_user_task(db, task_id)
    if task.name != REVIEW_RISK:
        complete_user_task(db, task, outcome=outcome, note=note, now=now)
        return task
    db.principal.require(Permission.RISK_REVIEW)
    check_outcome(task, outcome)
    order = await orders.lock_order(db, task.order_id)
    # The review tells the process of the decision by its event; the task itself is closed with it.
    await risk.review_order(db, order, accept=outcome == "ACCEPT", now=now, note=note)
    complete_user_task(db, task, outcome=outcome, note=note, now=now, goes_on=False)
    return task
