"""Compare what an installation holds with what the data set says it must hold; every difference is a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kontor.adapters.payments.simulator.ledger import Audit, audit_file
from kontor.bench.replay.dataset import DataSet
from kontor.bench.replay.expecting import Expected, expect, totals_by_method
from kontor.bench.replay.outcome import Ended, Outcome, by_method
from kontor.bench.replay.plan import Ending, Story

SHOWN = 20
BY_GATEWAY = frozenset({"CARD", "WALLET"})


@dataclass(slots=True)
class Result:
    """The figures of a replay and what differs; equal figures stand under one name for data set and installation."""

    figures: dict[str, Any] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def compare(self, name: str, recorded: Any, held: Any) -> None:
        """Keep a figure; two that differ are a difference."""
        self.figures[name] = held
        if recorded != held:
            self.differences.append(f"{name}: {recorded} by the data set, {held} in Kontor")


def check(data: DataSet, stories: Sequence[Story], outcome: Outcome, *, ledger: Path, mailbox: Path) -> Result:
    """Everything that can be said about the end of a replay, but for the audit."""
    result = Result()
    expected = {story.order.id: expect(story) for story in stories}
    _check_orders(result, stories, expected, outcome)
    ended = list(outcome.orders.values())
    counts, sums = totals_by_method(expected.values())
    result.compare("goods", sum(each.goods for each in expected.values()), sum(each.goods for each in ended))
    result.compare("freight", sum(each.freight for each in expected.values()), sum(each.charges for each in ended))
    result.compare("payments by method", sums, by_method(ended))
    result.compare("number of payments", counts, dict(sorted(_count(ended).items())))
    result.compare("captured", sum(each.captured for each in expected.values()), sum(each.captured for each in ended))
    result.compare("refunded", sum(each.refunded for each in expected.values()), sum(each.refunded for each in ended))
    result.compare("invoices", sum(each.shipments for each in expected.values()), _number(ended, "invoiced"))
    result.compare("invoiced", sum(each.invoiced for each in expected.values()), _sum(ended, "invoiced"))
    result.compare("credited", sum(each.credited for each in expected.values()), _sum(ended, "credited"))
    _check_split(result, stories, outcome)
    _check_stock(result, data, stories, outcome)
    _check_effects(result, ended, audit_file(ledger), outcome, mailbox)
    return result


def _count(ended: Sequence[Ended]) -> Counter[str]:
    return Counter(payment.kind for each in ended for payment in each.payments)


def _number(ended: Sequence[Ended], name: str) -> int:
    return sum(len(getattr(each, name)) for each in ended)


def _sum(ended: Sequence[Ended], name: str) -> int:
    return sum(sum(getattr(each, name)) for each in ended)


def _check_orders(result: Result, stories: Sequence[Story], expected: Mapping[str, Expected], outcome: Outcome) -> None:
    result.compare("orders", len(stories), len(outcome.orders))
    recorded: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    found: list[str] = []
    for story in stories:
        name = f"{story.order.status} -> {story.ending.value}"
        recorded[name] += 1
        ended = outcome.orders.get(story.order.id)
        if ended is None:
            found.append(f"order {story.order.id} is lost")
            continue
        differing = list(_differing(expected[story.order.id], ended))
        found += [f"order {story.order.id} ({name}): {each}" for each in differing]
        reached[name] += not differing
    result.figures["orders by recorded state and ending"] = dict(sorted(reached.items()))
    result.differences += [
        f"{name}: {count} by the data set, {reached[name]} in Kontor"
        for name, count in sorted(recorded.items())
        if reached[name] != count
    ]
    result.differences += found[:SHOWN]
    if len(found) > SHOWN:
        result.differences.append(f"{len(found) - SHOWN} further differences of orders")


def _differing(expected: Expected, ended: Ended) -> Iterator[str]:
    pairs: dict[str, tuple[Any, Any]] = {
        "state": (expected.state, ended.state),
        "fulfillment status": (expected.fulfillment, ended.fulfillment),
        "return status": (expected.return_status, ended.returned),
        "goods": (expected.goods, ended.goods),
        "freight": (expected.freight, ended.charges),
        "payments": (sorted(expected.promised), sorted((payment.kind, payment.amount) for payment in ended.payments)),
        "captured": (expected.captured, ended.captured),
        "refunded": (expected.refunded, ended.refunded),
        "shipments": (expected.shipments, len(ended.shipped)),
        "invoices": (expected.shipments, len(ended.invoiced)),
        "invoiced": (expected.invoiced, sum(ended.invoiced)),
        "credited": (expected.credited, sum(ended.credited)),
    }
    for name, (wanted, held) in pairs.items():
        if wanted != held:
            yield f"{name} {held} instead of {wanted}"


def _check_split(result: Result, stories: Sequence[Story], outcome: Outcome) -> None:
    """Every order is given to exactly the sellers that served it."""
    recorded = Counter(story.order.sellers for story in stories)
    routed = Counter(sum(ended.work.values()) for ended in outcome.orders.values())
    result.compare("orders by number of places", dict(sorted(recorded.items())), dict(sorted(routed.items())))
    several = sum(count for places, count in routed.items() if places > 1)
    result.figures["split share"] = f"{several / max(1, len(stories)):.2%}"


def _check_stock(result: Result, data: DataSet, stories: Sequence[Story], outcome: Outcome) -> None:
    """What was loaded is what is there and what has left, less what came back."""
    loaded = sum(data.offers().values())
    gone = sum(line.shipped - line.returned for ended in outcome.orders.values() for line in ended.lines)
    refused = sum(
        line.quantity for story in stories if story.ending is Ending.UNAVAILABLE for line in story.order.lines
    )
    result.compare("pieces on the shelves", loaded - gone - refused, sum(row[2] for row in outcome.stock))
    promised = sum(line.allocated for ended in outcome.orders.values() for line in ended.lines)
    result.compare("pieces promised", promised, sum(row[3] for row in outcome.stock))


def _check_effects(result: Result, ended: Sequence[Ended], gateway: Audit, outcome: Outcome, mailbox: Path) -> None:
    """The gateway's own books and the mailbox: every effect once, none without a row that explains it."""
    for key, kind, times in gateway.repeated:
        result.differences.append(f"the gateway was told to {kind} {times} times under {key}")
    moved: Counter[str] = Counter()
    for kinds in gateway.totals.values():
        moved.update(kinds)
    own = [payment for each in ended for payment in each.payments if payment.kind in BY_GATEWAY]
    result.compare("captured by the gateway", sum(payment.captured for payment in own), moved["capture"])
    result.compare("refunded by the gateway", sum(payment.refunded for payment in own), moved["refund"])
    files = sum(1 for file in mailbox.glob("*.eml")) if mailbox.is_dir() else 0
    result.compare("messages", sum(sum(each.messages.values()) for each in ended), outcome.sent_messages)
    result.compare("messages in the mailbox", outcome.sent_messages, files)
    result.figures["messages by template"] = dict(sorted(sum((each.messages for each in ended), Counter()).items()))
