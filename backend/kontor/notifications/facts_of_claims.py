"""The facts of messages about claims. Pure."""

from typing import Any

from kontor.notifications.known import Asked, Known, items, subject_of


def received(asked: Asked, known: Known) -> dict[str, Any] | None:
    """What was reported; nothing once it is decided, which is told itself."""
    claim = known.claims[subject_of(asked)]
    return _claimed(asked, known) if str(claim.state) == "OPEN" else None


def approved(asked: Asked, known: Known) -> dict[str, Any]:
    """For what the money goes back, and whether the goods are to come back."""
    claim, about = known.claims[subject_of(asked)], asked.about
    return {
        **_claimed(asked, known),
        "returns_goods": bool(about.get("returns_goods", claim.returns_goods)),
    }


def denied(asked: Asked, known: Known) -> dict[str, Any]:
    """Why the customer gets nothing."""
    claim = known.claims[subject_of(asked)]
    return {**_claimed(asked, known), "reason": asked.about.get("reason") or claim.decision or ""}


def _claimed(asked: Asked, known: Known) -> dict[str, Any]:
    claim = known.claims[subject_of(asked)]
    counts: dict[Any, int] = {}
    for row in known.claim_lines_of.get(claim.id, ()):
        counts[row.order_line_id] = counts.get(row.order_line_id, 0) + row.quantity
    return {"claim_number": claim.number, "lines": items((known.lines[each], count) for each, count in counts.items())}
