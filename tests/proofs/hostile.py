"""Hostile and merely wrong input for any argument of the schema, reproducible by its seed."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_leaf_type,
)

from proofs.schema_walk import Root, selection

STRINGS: tuple[str, ...] = (
    "", " ", "a", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202eevil\u202c", "\u0627\u0644\u0639\u0631\u0628",
    "\U0001f680" * 50, "x" * 301, "x" * 5000, "Z\u0351\u036b\u0343" * 40, "'; DROP TABLE orders; --", "%_%\\", "\\",
    '"',
    "null", "undefined", "NaN", "-1", "1e309", "../../etc/passwd", "<script>alert(1)</script>", "{{7*7}}", "${7*7}",
    "\r\nX-Injected: 1", "=cmd|' /C calc'!A0", "\ufeff", "\u2028", "a" * 70_000, "0x41", "\t", "ﬀ", "İ", "ß" * 200,
    "http://127.0.0.1/", "https://[::1]/", "https://a.example:99999/", "file:///etc/passwd", "DE89370400440532013000",
    "1 == 1", "total > ", "[].map(x, [].map(y, x))", "x" * 65, "DE", "EUR", "ZZZ", "de", "2026-06-15",
)  # fmt: skip
INTS: tuple[Any, ...] = (
    0, 1, 2, -1, 5, 200, 201, 1000, 10**6, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1.5,
    1e308,
)  # fmt: skip
MOMENTS = (
    "2026-06-15T10:00:00Z", "2026-06-15T10:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59", "2026-02-30T10:00:00Z", "1900-01-01T00:00:00Z", "2026-W10", "now", "",
)  # fmt: skip
DAYS = (
    "2026-06-15",
    "2026-07-01",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "20260615",
    "2026-6-5",
    "",
    "１２３４-01-01",
)
DECIMALS = ("19", "0", "-1", "1e5", "NaN", "Infinity", "0.0000001", "99999999999999999999", "", "7,5")
JSONS: tuple[Any, ...] = (
    {},
    [],
    {"a": 1},
    {"a" * 500: None},
    "text",
    5,
    None,
    [[[[[[1]]]]]],
    {"\x00": "\ud800"},
    {"a": 10**30},
)
WRONG: tuple[Any, ...] = (None, True, 5, -0.0, "x", [], [[]], {}, {"x": {}})


class Hostile:
    """Makes values; `known` are ids and words that exist, by what they name."""

    def __init__(self, seed: int, known: Sequence[str]) -> None:
        self.chance = random.Random(seed)
        self.known = list(known)

    def arguments(self, root: Root, sound: Mapping[str, Any]) -> dict[str, Any]:
        """Values for a field: mostly of the right shape, `sound` ones among them, so that some get far."""
        given: dict[str, Any] = {}
        far = self.chance.random() < 0.6
        for name, argument in root.field.args.items():
            if name in sound and self.chance.random() < (0.7 if far else 0.1):
                given[name] = self._bent(sound[name])
            elif isinstance(argument.type, GraphQLNonNull) or self.chance.random() < 0.5:
                given[name] = self.value(argument.type)
        return {name: value for name, value in given.items() if value is not None or self.chance.random() < 0.1}

    def _bent(self, value: Any) -> Any:
        """A sound value with, at times, one leaf of it replaced."""
        if self.chance.random() < 0.5:
            return value
        if isinstance(value, dict) and value:
            name = self.chance.choice(sorted(value))
            return {**value, name: self._bent(value[name])}
        if isinstance(value, list) and value:
            place = self.chance.randrange(len(value))
            return [*value[:place], self._bent(value[place]), *value[place + 1 :]] * self.chance.choice((1, 1, 2))
        if isinstance(value, bool) or value is None:
            return value
        return self.chance.choice(INTS if isinstance(value, int) else STRINGS)

    def value(self, kind: GraphQLInputType, depth: int = 0) -> Any:
        """Some value for a type, right or wrong."""
        if self.chance.random() < 0.03:
            return self.chance.choice(WRONG)
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, depth)
        if isinstance(kind, GraphQLList):
            count = self.chance.choice((0, 1, 1, 1, 2, 3)) if self.chance.random() < 0.98 else 1001
            if count == 1001:
                return [self.value(kind.of_type, depth)] * count
            return [self.value(kind.of_type, depth) for _ in range(count)]
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, depth)
        if isinstance(kind, GraphQLEnumType):
            return self.chance.choice([*kind.values, *kind.values, "NO_SUCH", "", 5])
        return self._scalar(str(kind))

    def _object(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        given = {
            name: self.value(field.type, depth + 1)
            for name, field in kind.fields.items()
            if (isinstance(field.type, GraphQLNonNull) and field.default_value is None)
            or self.chance.random() < (0.9 if isinstance(field.type, GraphQLNonNull) else 0.3 / (depth + 1))
        }
        if self.chance.random() < 0.03:
            given["no such field"] = 1
        return given

    def _scalar(self, name: str) -> Any:
        pools: dict[str, Sequence[Any]] = {
            "Int": INTS, "Long": (*INTS, *map(str, INTS[:12]), "x"), "Float": (*INTS, 53.5, -91.0, 181.0, "1"),
            "Boolean": (True, False, False, True, 1, "true"), "DateTime": MOMENTS, "Date": DAYS, "Decimal": DECIMALS,
            "JSON": JSONS, "UUID": (*self.known[:40], "x", "", "0" * 32, "{}", "\x00"),
        }  # fmt: skip
        if name == "Int" and self.chance.random() < 0.5:
            return self.chance.randint(0, 5)
        if name in pools:
            return self.chance.choice(pools[name])
        if self.chance.random() < 0.4 and self.known:
            return self.chance.choice(self.known)
        return self.chance.choice(STRINGS)


def literal(value: Any, kind: GraphQLInputType | None) -> str:
    """A value as it stands in a document; enum values of a known type without quotes."""
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(value, dict):
        fields = bare.fields if isinstance(bare, GraphQLInputObjectType) else {}
        inner = ((name, fields[name].type if name in fields else None) for name in value)
        return "{" + ", ".join(f"{name}: {literal(value[name], kind)}" for name, kind in inner) + "}"
    if isinstance(value, list):
        return (
            "["
            + ", ".join(literal(each, bare.of_type if isinstance(bare, GraphQLList) else None) for each in value)
            + "]"
        )
    if isinstance(bare, GraphQLEnumType) and isinstance(value, str) and value.isidentifier():
        return value
    return json.dumps(value)


def inlined(root: Root, given: Mapping[str, Any]) -> str:
    """The call with its values in the document."""
    call = ", ".join(f"{name}: {literal(value, root.field.args[name].type)}" for name, value in given.items())
    body = "" if is_leaf_type(get_named_type(root.field.type)) else selection(root.field.type, 0)
    return f"{root.kind} Walk {{ answer: {root.name}{f'({call})' if call else ''} {body} }}"


def forged(*parts: object) -> str:
    """A cursor as our own are made, of values we would not put there."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


_SOMEBODY = "0190b6a8-5d0e-7d6c-9d5b-8b1d2a5d4c3f"
_MOMENTS: list[Any] = [
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-06-15T00:00:00", "\x00", 5, None, [], 2**70,
]  # fmt: skip
_CODES: list[Any] = ["\x00", 2**70, "x" * 5000, None, {}]
FORGED = [
    ("events", "99999999999999999999999.1"),
    ("events", "-7.-7"),
    *(("orders", forged("orders.placed_at-", moment, _SOMEBODY)) for moment in _MOMENTS),
    *(("partners", forged("partner.code", code, _SOMEBODY)) for code in _CODES),
]


def documents() -> list[str]:
    """Documents that ask for too much, or for nothing that makes sense."""
    deep = "{ orders { nodes { " + "returns { order { " * 30 + "id" + " } }" * 30 + " } } }"
    return [
        "", " ", "{", "}", "{}", "query", "{ orders }", "{ version " * 50, "\ufeff{ version }",
        "{ __schema { types { name } } }",
        "query { " + " ".join(f"a{n}: version" for n in range(150)) + " }", deep,
        "{ version ...F } fragment F on Query { ...F }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...F }" + "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30)),
        "subscription { eventsChanged { name } }", "mutation { version }", "query A { version } query B { version }",
        "{ orders(first: 200) { nodes { lines { id } fulfillmentOrders { lines { id } shipments { id } } } } }",
        "{ version @include }", "{ version @skip(if: 5) }", "{ version @nope }", "query ($x: Nope) { version }",
        "query ($x: Int = \"a\") { version }", "{ order(id: 5) { id } }", "{ orders(first: -1) { nodes { id } } }",
        "{ orders(first: 99999999999999999999) { nodes { id } } }", "{ orders(after: \"\\u0000\") { nodes { id } } }",
        "{ orders(after: \"" + "A" * 3000 + "\") { nodes { id } } }", "{ # " + "x" * 9000 + "\n version }",
        "{ version" + " " * 20000 + "}", "{ version " + "version " * 5000 + "}", "query ($a: [[[[Int]]]]) { version }",
        # Cursors that are well formed, and lie.
        *(f"{{ {root}(after: \"{cursor}\") {{ nodes {{ id }} }} }}" for root, cursor in FORGED),
        "{ __typename @deprecated }", "{ order(id: \"\\ud800\") { id } }", "type Query { a: Int }", "{ a: b: c }",
    ]  # fmt: skip


def bodies() -> list[tuple[bytes, str]]:
    """Requests that are no GraphQL call, with their content type."""
    json_type = "application/json"
    return [
        (b"", json_type), (b"null", json_type), (b"[]", json_type), (b'[{"query":"{version}"}]', json_type), (b"5",
        json_type),
        (b"{", json_type), (b'{"query": 5}', json_type), (b'{"query": null}', json_type), (b'{"query": {}}', json_type),
        (b'{"query":"{version}","variables":[]}', json_type), (b'{"query":"{version}","variables":"{}"}', json_type),
        (b'{"query":"{version}","operationName":5}', json_type), (b'{"query":"{version}","operationName":"X"}',
        json_type),
        (b"\xff\xfe\x00", json_type), (b'{"query":"\xff"}', json_type), (b'{"query":"\\ud800"}', json_type),
        (b'{"query":"{version}"}', "text/plain"), (b'{"query":"{version}"}', ""), (b"a=b",
        "multipart/form-data; boundary=x"),
        (b"[" * 100_000, json_type), (b'{"a":' * 2000 + b"1" + b"}" * 2000, json_type),
        (b'{"query":"' + b"x" * 600_000 + b'"}', json_type),
        (b'{"query":"{version}","query":"{me{id}}"}', json_type),
        (b'{"query":"query($x:Int){version}","variables":{"x":1e400}}', json_type),
    ]  # fmt: skip
