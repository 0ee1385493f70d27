"""What the tasks of the shipped processes do; importing this module declares all of them.

Each function works on every token that waits for it, in a fixed number of statements where that is the common way.
"""

from kontor.processes import fulfillment_tasks, order_tasks, return_tasks
from kontor.processes.work import TASKS, user_task

__all__ = ["MODULES", "TASKS"]

MODULES = (order_tasks, fulfillment_tasks, return_tasks)

user_task("review_risk", outcomes=frozenset({"ACCEPT", "REJECT"}))
user_task("approve_return", outcomes=frozenset({"APPROVED", "DECLINED"}))
