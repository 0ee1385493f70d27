"""Nobody sees or changes what lies outside their role and scope: every field of the schema, every role, every scope."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from graphql import GraphQLField
from starlette.applications import Starlette
from starlette.routing import Route

from api.graphql.rights import CHANGES, EVERYBODY, FOLLOWED, NEEDS, OWN, PEOPLE, READS, UNDER, foreign_values
from kontor.api.graphql.context import Context
from kontor.api.graphql.feeds import EventFeed
from kontor.api.graphql.schema import schema
from kontor.auth.permissions import CUSTOMER, GRANTABLE, ROLES, ClientKind, Permission, Role
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import ANONYMOUS, Principal, PrincipalKind
from kontor.documents.models import Document
from proofs.schema_walk import Root, document, followed, guarded_fields, permissions_of, roots
from proofs.sides import Side, build, rows_of, state_of
from support import Client, Drain

NO_SUCH_THING = str(UUID(int=7))


@dataclass
class Asker:
    """Somebody, and the answers they get."""

    name: str
    principal: Principal
    runtime: Runtime

    def may(self, needed: tuple[str, ...] | None) -> bool:
        """Whether a mark lets this one through."""
        return not needed or any(self.principal.may(each) for each in needed)

    def allows(self, field: GraphQLField) -> bool:
        """Whether a field may be selected."""
        return self.may(permissions_of(field))

    async def ask(self, root: Root, variables: Mapping[str, Any], depth: int = 2) -> dict[str, Any]:
        """The answer to a root field."""
        fits = {
            name: value
            for name, value in variables.items()
            if value is not None or not str(root.field.args[name].type).endswith("!")
        }
        return await self.execute(document(root, depth, fits, allowed=self.allows), fits)

    async def execute(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a document."""
        context = Context(self.runtime, self.principal)
        result = await schema().execute(query, variable_values=dict(variables), context_value=context)
        errors = [error.formatted for error in result.errors or ()]
        return {"data": result.data, "errors": errors}


def codes(answer: Mapping[str, Any]) -> set[str]:
    """Every refusal in an answer, wherever it stands."""
    found = {str(error["extensions"]["code"]) for error in answer["errors"]}

    def look(value: Any) -> None:
        if isinstance(value, dict):
            kind = str(value.get("__typename", ""))
            if kind.endswith("Error") or kind.startswith("Refused") or "REFUSED" in value.values():
                found.update(str(value[name]) for name in value if name.split("_")[0] == "code")
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(answer["data"])
    return found


def user(name: str, permissions: Any, **scope: Any) -> Principal:
    """Somebody with these permissions."""
    kinds = {"customer": PrincipalKind.CUSTOMER, "shop": PrincipalKind.CLIENT}
    kind = kinds.get(name, PrincipalKind.USER)
    return Principal(kind, new_id(), name, frozenset(map(str, permissions)), **scope)


def everybody() -> Iterator[tuple[str, Principal]]:
    """Each role and each kind of client with all it can be granted, without a scope; a customer; nobody."""
    for role in Role:
        yield role.value, user(role.value, ROLES[role])
    for kind in ClientKind:
        yield f"client {kind.value}", user(kind.value, GRANTABLE[kind])
    yield "customer", user("customer", CUSTOMER)
    yield "anonymous", ANONYMOUS


def test_every_root_field_needs_what_the_table_says() -> None:
    """A field that is not in the table, or needs something else, fails: what it needs was not thought about."""
    assert {f"{root.kind} {root.name}": root.permissions for root in roots()} == {
        **{f"query {name}": needed for name, needed in READS.items()},
        **{f"mutation {name}": needed for name, needed in CHANGES.items()},
    }
    assert {root.name: root.permissions for root in followed()} == FOLLOWED


def test_every_guarded_field_of_an_object_needs_what_the_table_says() -> None:
    assert {f"{kind}.{name}": needed for kind, name, needed in guarded_fields()} == NEEDS


def test_public_fields_are_the_known_ones() -> None:
    assert {root.name for root in roots() if root.permissions == ()} == EVERYBODY


def test_every_root_field_with_arguments_has_values_of_a_stranger() -> None:
    """What a foreign id is for each field is part of the table."""
    values = foreign_values({})
    missing = {
        f"{root.name}({name})" for root in roots() for name in root.field.args if name not in values(root)
    }  # fmt: skip
    assert missing == set()


async def test_roles_without_the_permission_are_refused_everywhere(database: Any, runtime: Runtime) -> None:
    """Each root field by each role and client kind: who lacks the permission is told so, and nothing happens."""
    values = foreign_values({})
    before = await state_of(database)
    wrong = []
    for name, principal in everybody():
        asker = Asker(name, principal, runtime)
        expected = "UNAUTHENTICATED" if principal is ANONYMOUS else "FORBIDDEN"
        for root in roots():
            if root.permissions is None or asker.may(root.permissions):
                continue
            answer = await asker.ask(root, values(root), depth=0)
            if codes(answer) != {expected}:
                wrong.append(f"{name} {root.name}: {json.dumps(answer, default=str)[:200]}")
    assert not wrong, "\n".join(wrong)
    assert await state_of(database) == before


def test_what_lets_people_in_is_known_by_its_name_and_its_permission() -> None:
    """A new way in has to be thought about; what one does to one's own account is for everybody."""
    words = re.compile("invite|user(?!Task)|colleague|identityprovider|password|factor", re.IGNORECASE)
    named = {
        root.name
        for root in roots()
        if root.kind == "mutation"
        and (words.search(root.name) or {"users:write", "settings:write"} & set(root.permissions or ()))
    }
    assert named - EVERYBODY == PEOPLE


async def test_no_machine_lets_people_in_or_says_who_vouches_for_them(database: Any, runtime: Runtime) -> None:
    """With every permission there is, as machines of the company, of a partner and of a shop."""
    values, before, wrong = foreign_values({}), await state_of(database), []
    for scope in ({}, {"partner_id": new_id()}, {"channel_ids": frozenset({new_id()})}):
        machine = Principal(PrincipalKind.CLIENT, new_id(), "machine", frozenset(map(str, Permission)), **scope)
        asker = Asker("machine", machine, runtime)
        for root in roots():
            if root.name in PEOPLE:
                answer = await asker.ask(root, values(root), depth=0)
                if codes(answer) != {"PERSON_NEEDED"}:
                    wrong.append(f"{root.name}: {json.dumps(answer, default=str)[:200]}")
    assert not wrong, "\n".join(wrong)
    assert await state_of(database) == before


async def test_guarded_fields_of_objects_are_refused_to_roles_without_the_permission(
    runtime: Runtime, drain: Drain
) -> None:
    await build(runtime, drain, ("ANTON",))
    wrong = []
    for name, principal in everybody():
        asker = Asker(name, principal, runtime)
        for place, needed in NEEDS.items():
            kind, field = place.split(".")
            page, page_needs = UNDER[kind]
            if asker.may(needed) or not asker.may(page_needs):
                continue
            shown = f"{field} {{ __typename }}" if kind == "Order" else field
            answer = await asker.execute(f"{{ answer: {page} {{ nodes {{ id {shown} }} }} }}", {})
            if codes(answer) != {"FORBIDDEN"}:
                wrong.append(f"{name} {place}: {json.dumps(answer, default=str)[:300]}")
    assert not wrong, "\n".join(wrong)


def scoped(side: Side, runtime: Runtime) -> list[Asker]:
    """Those of one side who see only their part: with all that anybody of their kind can ever do."""
    partner = ROLES[Role.DROPSHIPPER] | GRANTABLE[ClientKind.PARTNER]
    store = ROLES[Role.STORE_MANAGER] | ROLES[Role.STORE_ASSOCIATE]
    channel = frozenset({side.channel.id})
    return [
        Asker("partner", user("partner", partner, partner_id=side.partner.id), runtime),
        Asker("store", user("store", store, location_ids=frozenset({side.store.id})), runtime),
        Asker("shop", user("shop", GRANTABLE[ClientKind.SHOP], channel_ids=channel), runtime),
        Asker("customer", user("customer", CUSTOMER, channel_ids=channel, customer_id=side.customer_id), runtime),
    ]


async def test_a_stranger_finds_nothing_by_list_or_by_id(database: Any, runtime: Runtime, drain: Drain) -> None:
    """Side A asks every root field, at large and with the ids of side B: nothing of B is in any answer."""
    ours, theirs = await build(runtime, drain, ("ANTON", "BERTA"))
    values = foreign_values(await facts_of(database, theirs))
    secrets = {str(each) for each in theirs.ids} | {theirs.name}
    before = await state_of(database)
    wrong = []
    for asker in scoped(ours, runtime):
        for root in roots():
            if not asker.may(root.permissions) or root.name in EVERYBODY or root.name in OWN:
                continue
            foreign = values(root)
            tries = [foreign] if root.kind == "mutation" else [foreign, only_required(root, foreign)]
            for given in tries:
                answer = await asker.ask(root, given)
                problem = problem_of(root, asker, answer, given, secrets)
                if problem:
                    wrong.append(f"{asker.name} {root.name}: {problem}")
    assert not wrong, "\n".join(wrong)
    assert await state_of(database) == before


async def heard(asker: Asker, feed: EventFeed, root: Root, since: str | None) -> str:
    """All that somebody who follows a list is told, from the beginning on until nothing comes any more."""
    given = {"changedSince": since} if since and "changedSince" in root.field.args else {}
    context = Context(asker.runtime, asker.principal, feed=feed)
    query = document(root, 2, given, allowed=asker.allows)
    stream = await schema().subscribe(query, variable_values=given, context_value=context)
    told: list[Any] = []
    if not isinstance(stream, AsyncIterator):
        return json.dumps([error.formatted for error in stream.errors or ()], default=str)
    try:
        while True:
            answer = await asyncio.wait_for(anext(stream), QUIET)
            told.append((answer.data, [error.formatted for error in answer.errors or ()]))
    except (TimeoutError, StopAsyncIteration):
        return json.dumps(told, default=str)


QUIET = 0.4
"""Seconds after which nothing more is told: twice what a feed needs for a look."""


@pytest.mark.engine("sqlite")
async def test_a_stranger_hears_nothing_of_the_lists_they_follow(runtime: Runtime, drain: Drain) -> None:
    """Side A follows every list from the beginning on: side B is in none, and the own side is."""
    ours, theirs = await build(runtime, drain, ("ANTON", "BERTA"))
    secrets = {str(each) for each in theirs.ids} | {theirs.name}
    feed = EventFeed(runtime.database)
    wrong, own = [], 0
    for asker in scoped(ours, runtime):
        for root in followed():
            told = await heard(asker, feed, root, "2020-01-01T00:00:00Z")
            if not asker.may(root.permissions):
                if "FORBIDDEN" not in told:
                    wrong.append(f"{asker.name} {root.name} is not refused: {told[:300]}")
                continue
            own += ours.name in told
            if leaked := sorted(each for each in secrets if each in told):
                wrong.append(f"{asker.name} {root.name} shows {leaked[:3]} in {told[:600]}")
    await feed.close()
    assert not wrong, "\n".join(wrong)
    assert own > 3


@pytest.mark.engine("sqlite")
async def test_no_address_of_a_file_opens_for_a_stranger(
    runtime: Runtime, drain: Drain, app: Starlette, client: Client
) -> None:
    """Every address with an id in it, by every id of the other side, for who sees a part only and for nobody."""
    ours, theirs = await build(runtime, drain, ("ANTON", "BERTA"))
    async with runtime.database.read_only() as db:
        documents = {str(each) for each in await db.scalars(sa.select(Document.id)) if each in theirs.ids}
    assert documents
    kinds = await facts_of(runtime.database, theirs)
    things = [str(kinds[name]) for name in ("return", "invoice", "orders", "shipment", "fulfillment_order")]
    askers = [("nobody", ANONYMOUS), *((asker.name, asker.principal) for asker in scoped(ours, runtime))]
    walked, wrong = set(), []
    for route in app.routes:
        if not isinstance(route, Route) or "{" not in route.path or route.path.startswith(OPEN):
            continue
        for thing in [*sorted(documents)[:3], *things]:
            address = re.sub(r"\{form\}", "xrechnung", re.sub(r"\{(?!form)[^}]+\}", thing, route.path))
            for name, principal in askers:
                for method in route.methods or ():
                    answer = await client.http.request(method, address, headers=client.acting(principal))
                    walked.add(route.path)
                    shown = theirs.name in answer.text or route.path.startswith("/files")
                    if answer.status_code < 400 and shown:
                        wrong.append(f"{name} {method} {address}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert "/files/documents/{document_id}" in walked
    assert "/files/returns/{return_id}/photos/{photo_id}" in walked


OPEN = ("/assets", "/portal", "/care", "/store", "/admin", "/vendor", "/health", "/webhooks")
"""What is the same for everybody, or asks for a signature instead of somebody."""

NOT_FOUND = ("NOT_FOUND", "UNKNOWN_", "FORBIDDEN", "NO_SUCH", "NO_PARTNER", "OUTSIDE_SCOPE")


def problem_of(
    root: Root, asker: Asker, answer: Mapping[str, Any], given: Mapping[str, Any], secrets: set[str]
) -> str | None:
    """What is wrong with an answer to a stranger: something of the other side in it, or a success."""
    text = json.dumps(answer, default=str)
    echoed = json.dumps(given, default=str)
    seen = root.name in SEEN_BY_ALL.get(asker.name, ())
    leaked = [] if seen else sorted(each for each in secrets if each in text and each not in echoed)
    if leaked:
        return f"shows {leaked[:3]} in {text[:600]}"
    if "INTERNAL_ERROR" in text:
        return text[:400]
    if root.kind == "mutation":
        found = codes(answer)
        if not found or not all(any(word in code for word in NOT_FOUND) for code in found):
            return f"says {sorted(found)}: {text[:300]}"
    return None


# What is meant to be seen beyond one's own: a store promises goods of any place and knows what they cost in each
# channel (endless aisle); a shop and its customers see where goods can be collected or brought back.
SEEN_BY_ALL: Mapping[str, tuple[str, ...]] = {
    "store": ("availability", "basketPromise", "prices", "price", "lowestPrices", "priceLists"),
    "shop": ("stockLocations", "stockLocation"),
}


def only_required(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values without which the field cannot be asked."""
    return {name: value for name, value in given.items() if str(root.field.args[name].type).endswith("!")}


async def facts_of(database: Any, side: Side) -> dict[str, Any]:
    """An id of each kind of thing of a side, and the words that name it."""
    found: dict[str, Any] = {
        "channel": side.channel.code, "location": side.store.code, "sku": side.variant.sku,
        "partner": side.partner.code, "channel_id": side.channel.id, "partner_id": side.partner.id,
        "store_id": side.store.id, "customer_id": side.customer_id, "variant_id": side.variant.id, "name": side.name,
    }  # fmt: skip
    from kontor.core.db import Model

    ids = await rows_of(database, side.roots())
    async with database.read_only() as db:
        for name, table in Model.metadata.tables.items():
            if "id" in table.c and isinstance(table.c.id.type, sa.Uuid):
                mine = [each for each in await db.scalars(sa.select(table.c.id).order_by(table.c.id)) if each in ids]
                if mine:
                    found[name] = mine[0]
        number = sa.text("SELECT number FROM orders WHERE external_id = :external")
        found["order_number"] = await db.scalar(number, {"external": f"{side.name}-0"})
        found["tracking"] = await db.scalar(
            sa.text("SELECT tracking_number FROM parcel WHERE tracking_number LIKE :like"), {"like": f"{side.name}%"}
        )
    return found
