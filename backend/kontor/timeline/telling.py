"""Facts put into words, in the language of who reads. Pure; the words are data, one file a language."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from kontor.documents import formatting
from kontor.documents.values import Language
from kontor.timeline.kinds import kind_of
from kontor.timeline.naming import Names
from kontor.timeline.values import Detail, Entry, Fact, Source

WORDS = Path(__file__).parent / "words"
LANGUAGES: tuple[Language, ...] = ("en", "de")
NOTHING = "–"
_MONEY = frozenset({"amount", "total", "gross", "net", "tax", "fee", "interest", "claimed", "missing"})
_CODES = frozenset(
    {"kind", "state", "decision", "method", "occasion", "template", "process", "task", "old", "new", "channel"}
    | {"code", "direction", "way"}
)
_DETAILS = (
    "articles", "place", "parcels", "work", "amount", "gross", "net", "tax", "claimed", "fee", "interest", "missing",
    "kind", "method", "state", "decision", "score", "reason", "message", "code", "note", "number", "carrier",
    "tracking_number", "expected_on", "due_on", "due_at", "ship_due_at", "expires_at", "collect_on", "level", "subject",
    "recipient", "sent_at", "policy", "occasion", "reference", "topic", "text", "direction",
)  # fmt: skip


@cache
def words(language: Language) -> Mapping[str, str]:
    """The words of a language: `text.` and the name of a fact, `label.` and a value's name, `code.` and a code."""
    found: dict[str, str] = json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))
    return found


def tell(facts: Iterable[Fact], names: Names, language: str) -> list[Entry]:
    """The facts as entries, in German ("de") or English, the default for any other language."""
    spoken: Language = "de" if language == "de" else "en"
    return [_entry(fact, names, spoken) for fact in facts]


class _Blank(dict[str, str]):
    """What a fact does not say is shown as nothing."""

    def __missing__(self, key: str) -> str:
        return NOTHING


def _entry(fact: Fact, names: Names, language: Language) -> Entry:
    said = values_of(fact, names, language)
    name = "decision.nothing" if fact.source is Source.DECISION and not fact.payload["location_ids"] else fact.name
    text = words(language)[f"text.{name}"].format_map(_Blank(said))
    return Entry(
        id=f"{int(fact.source)}-{fact.key}", at=fact.at, kind=kind_of(fact.source, fact.name), name=fact.name,
        text=" ".join(text.split()), who=fact.by, subject=fact.subject, details=tuple(_details(fact, said, language)),
    )  # fmt: skip


def values_of(fact: Fact, names: Names, language: Language) -> dict[str, str]:
    """What a fact says, each value as people read it; names of places, articles and parcels in place of their ids."""
    told = {name: value for name, value in fact.payload.items() if value is not None and value != ""}
    currency = str(told.get("currency") or names.currency)
    found = {name: _shown(name, value, currency, language) for name, value in told.items() if _plain(value)}
    found |= _named(fact, names, language)
    if told.get("lines"):
        found["articles"] = _articles(told["lines"], names)
    return found


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _shown(name: str, value: Any, currency: str, language: Language) -> str:
    if name in _MONEY and isinstance(value, int):
        return formatting.money(value, currency, language)
    if name in _CODES:
        return words(language).get(f"code.{value}", str(value))
    if name == "reason":  # ours are codes or sentences of one language; what people wrote stays as it is
        return words(language).get(f"code.reason.{value}", str(value))
    if name.endswith("_on") and isinstance(value, str):
        return formatting.day(date.fromisoformat(value[:10]), language)
    if name.endswith("_at") and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return formatting.moment(moment.astimezone(UTC), language) + " UTC"
    return str(value)


def _named(fact: Fact, names: Names, language: Language) -> dict[str, str]:
    told, found = fact.payload, dict[str, str]()
    number, place = names.work.get(str(told.get("fulfillment_order_id")), ("", ""))
    if number:
        found |= {"work": number, "place": place}
    if told.get("location_id"):
        found["place"] = names.places.get(str(told["location_id"]), NOTHING)
    given = [row["location_id"] for row in told.get("fulfillment_orders") or ()] or told.get("location_ids") or []
    if given:
        found["places"] = ", ".join(dict.fromkeys(names.places.get(str(each), NOTHING) for each in given))
    for name, key in (("parcels", told.get("shipment_id")), ("parcel", told.get("parcel_id") or fact.subject)):
        if key and names.parcels.get(str(key)):
            found[name] = names.parcels[str(key)]
    if told.get("case_id"):
        found["kind"] = words(language).get(f"code.case.{told['kind']}", str(told["kind"]))
    if told.get("return_id"):
        found["return"] = names.returns.get(str(told["return_id"]), NOTHING)
    code = names.codes.get(str(fact.subject))
    if code is not None:
        entity = str(told.get("entity", ""))
        name, prefix = {"care_case": ("case", "code.case.")}.get(entity, (_SUBJECTS.get(entity, "process"), "code."))
        found.setdefault(name, words(language).get(prefix + code, code))
    return found


_SUBJECTS = {"user_task": "task", "process_instance": "process"}


def _articles(lines: Iterable[Any], names: Names) -> str:
    """Pieces by article: 2 × Lamp, 1 × Bulb."""
    found: dict[str, int] = {}
    for line in lines:
        if isinstance(line, dict):
            key = str(line.get("order_line_id") or line.get("line_id"))
            found[key] = found.get(key, 0) + int(line.get("quantity", 0))
    return ", ".join(f"{count} × {names.articles.get(key, NOTHING)}" for key, count in found.items())


def _details(fact: Fact, said: Mapping[str, str], language: Language) -> Iterable[Detail]:
    labels = words(language)
    if "old" in said or "new" in said:
        yield Detail("state", labels["label.state"], said.get("old"), said.get("new"))
    for name in _DETAILS:
        if name in said and not (fact.source is Source.STATE and name == "state"):
            yield Detail(name, labels[f"label.{name}"], said.get(f"was_{name}"), said[name])
