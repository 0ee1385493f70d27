"""The facts of messages about exchanges. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kontor.notifications.known import Asked, Known, subject_of

NOT_YET = "…"
"""The number of a return that is not announced yet."""


def agreed(asked: Asked, known: Known) -> dict[str, Any]:
    """What comes back, what is given for it, and when; `back` says the first in a preview, before there is a return."""
    previewed = asked.about.get("back")
    return {
        "rma_number": NOT_YET if previewed else known.returns[subject_of(asked)].number,
        "lines": previewed or _back(asked, known),
        "new_lines": [{"name": row["name"], "quantity": row["quantity"]} for row in asked.about["lines"]],
        "way": asked.about["way"],
        "due_on": _day(asked, asked.about.get("due_at")),
        "replacement": bool(asked.about.get("replacement")),
    }


def received(asked: Asked, known: Known) -> dict[str, Any]:
    """The goods were accepted, and what leaves for them."""
    back = known.returns[subject_of(asked)]
    return {"rma_number": back.number, "new_lines": _new(asked.about.get("lines") or (), known)}


def reminder(asked: Asked, known: Known) -> dict[str, Any]:
    """What is still to come, and until when."""
    back = known.returns[subject_of(asked)]
    return {"rma_number": back.number, "lines": _back(asked, known), "due_on": _day(asked, asked.about["due_at"])}


def overdue(asked: Asked, known: Known) -> dict[str, Any]:
    """What did not come, or was not accepted, and what that costs."""
    about = asked.about
    return {
        "lines": _back(asked, known, but="accepted"),
        "amount": about["amount"],
        "currency": about["currency"],
        "refused": about["code"] == "NOT_ACCEPTED",
        "asked": bool(about.get("asked")),
    }


def canceled(asked: Asked, known: Known) -> dict[str, Any]:
    """What is not exchanged, and why."""
    return {"lines": _back(asked, known), "why": asked.about["code"]}


def _back(asked: Asked, known: Known, *, but: str = "") -> list[dict[str, Any]]:
    """The pieces of the return, without those that are counted in `but`."""
    rows = known.return_lines_of.get(subject_of(asked), ())
    pieces = [(row, row.quantity - (getattr(row, but) if but else 0)) for row in rows]
    return [{"name": known.lines[row.order_line_id].name, "quantity": count} for row, count in pieces if count]


def _new(rows: Iterable[Mapping[str, Any]], known: Known) -> list[dict[str, Any]]:
    return [{"name": known.lines[UUID(str(row["order_line_id"]))].name, "quantity": row["quantity"]} for row in rows]


def _day(asked: Asked, moment: str | None) -> date | None:
    return asked.day_of(datetime.fromisoformat(moment)) if moment else None
