"""A token stands for everything a preview says: by part, so that a stale one can tell which part has moved. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Protocol

import orjson

from kontor.changes.values import Preview, Wish

VERSION = "1"
LENGTH = 16


def stamped(preview: Preview, wish: Wish, state: Mapping[str, Any]) -> Preview:
    """The preview with its token; `state` are facts of the order behind it that it does not show."""
    sections = {name: digest(part) for name, part in _parts(preview, wish, state).items()}
    token = ".".join([VERSION, *[f"{name}-{digest}" for name, digest in sections.items()]])
    return replace(preview, sections=sections, token=token)


class Stamped(Protocol):
    """A preview whose parts a token stands for."""

    @property
    def sections(self) -> Mapping[str, str]: ...


def moved(token: str, fresh: Stamped) -> list[str]:
    """The parts of which a token says something else than the fresh preview; empty when nothing has moved.

    A token of another order, wish or version says something else of everything.

    >>> from types import SimpleNamespace
    >>> moved("1.LINES-a.MONEY-b", SimpleNamespace(sections={"LINES": "a", "MONEY": "c"}))
    ['MONEY']
    """
    version, *parts = token.split(".")
    said = dict(part.partition("-")[::2] for part in parts)
    if version != VERSION or set(said) != set(fresh.sections):
        return list(fresh.sections)
    return [name for name, digest in fresh.sections.items() if said[name] != digest]


def _parts(preview: Preview, wish: Wish, state: Mapping[str, Any]) -> dict[str, Any]:
    money = preview.difference
    shares = [[str(share.payment.id), share.amount, share.credited] for share in money.shares]
    asked_by = money.method
    lines = [{**asdict(line), "line_id": str(line.line_id or ""), "sendings": None} for line in preview.lines]
    sent = [
        [index, str(each.location_id), each.quantity, each.arrives_on.isoformat()]
        for index, line in enumerate(preview.lines)
        for each in line.sendings
    ]
    return {
        "WISH": [str(preview.order_id), wish.as_json()],
        "LINES": [lines, state.get("lines")],
        "PRICES": [
            [asdict(each) for each in preview.promotions], [asdict(each) for each in preview.charges],
            preview.lost, preview.tax,
            preview.total_after,
        ],
        "MONEY": [
            money.refund, money.to_pay, money.owed_after, shares,
            None if asked_by is None else [asked_by.kind, asked_by.amount],
        ],
        "PLACES": [
            [[str(each.fulfillment_order_id), each.pieces] for each in preview.asks],
            sent,
            [[str(each.location_id), each.quantity, each.arrives_on.isoformat()] for each in preview.moves],
            str(preview.promised_after or ""),
            str(preview.pickup_location_id or ""),
            preview.delivery.value,
        ],
        "STATE": [preview.state_before, preview.state_after, preview.messages, state.get("order")],
    }  # fmt: skip


def digest(part: Any) -> str:
    """What stands for a part in a token."""
    text = orjson.dumps(part, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(text).hexdigest()[:LENGTH]
