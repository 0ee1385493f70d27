"""The masters through GraphQL: rows in with a result each, lists whose statements do not grow with their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_product, make_variant
from factories.channels import make_channel
from factories.customers import make_address, make_customer
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from factories.pricing import make_price
from kontor import bootstrap
from kontor.core.db import Database, Session
from kontor.core.ids import new_id
from support import Client, Principals

SAVE = """mutation($inputs: [ProductInput!]!, $all: Boolean! = false) {
  saveProducts(inputs: $inputs, allOrNothing: $all) {
    __typename
    ... on SavedRows { created updated unchanged refused replayed rows { index key outcome code path } }
    ... on Error { code path }
  }
}"""
LAMP = {"code": "LAMP", "name": "Lamp", "variants": [{"sku": "LAMP-1", "gtin": "4006381333931", "weightG": 900}]}


async def test_products_are_saved_row_by_row(client: Client, principals: Principals) -> None:
    bad = {"code": "BAD", "name": "Bad", "variants": [{"sku": "B-1"}, {"sku": "B-2", "gtin": "1"}]}
    answer = await client.graphql(SAVE, {"inputs": [LAMP, bad]}, principal=principals.admin)
    saved = answer["data"]["saveProducts"]
    assert (saved["created"], saved["refused"], saved["replayed"]) == (1, 1, False)
    assert saved["rows"][1] == {
        "index": 1,
        "key": "BAD",
        "outcome": "REFUSED",
        "code": "INVALID_GTIN",
        "path": ["inputs", "1", "variants", "1", "gtin"],
    }


async def test_same_idempotency_key_saves_once(client: Client, principals: Principals) -> None:
    headers = {"idempotency-key": "feed-1"}
    for replayed in (False, True):
        answer = await client.graphql(SAVE, {"inputs": [LAMP]}, principal=principals.admin, headers=headers)
        assert answer["data"]["saveProducts"]["replayed"] is replayed


async def test_saving_needs_the_permission(client: Client, principals: Principals) -> None:
    answer = await client.graphql(SAVE, {"inputs": [LAMP]}, principal=principals.holding("catalog:read"))
    assert answer["data"]["saveProducts"] == {"__typename": "ForbiddenError", "code": "FORBIDDEN", "path": []}


async def test_too_many_rows_are_refused_at_once(client: Client, principals: Principals) -> None:
    answer = await client.graphql(SAVE, {"inputs": []}, principal=principals.admin)
    assert answer["data"]["saveProducts"]["code"] == "INVALID_BATCH"


async def test_partner_is_invited_activated_and_suspended(client: Client, principals: Principals) -> None:
    invite = """mutation { invitePartner(input: {code: "nord", name: "Nord", country: "DE"}) {
      ... on PartnerPayload { partner { id state } } ... on Error { code path } } }"""
    invited = (await client.graphql(invite, principal=principals.admin))["data"]["invitePartner"]["partner"]
    again = (await client.graphql(invite, principal=principals.admin))["data"]["invitePartner"]
    states = [invited["state"]]
    for step in ("activatePartner(id: $id)", 'suspendPartner(id: $id, reason: "Late")', "startOnboarding(id: $id)"):
        query = f"""mutation($id: UUID!) {{ step: {step} {{
          ... on PartnerPayload {{ partner {{ state }} }} ... on Error {{ code path }} }} }}"""
        found = (await client.graphql(query, {"id": invited["id"]}, principal=principals.admin))["data"]["step"]
        states.append(found.get("partner", {}).get("state") or found["code"])
    assert again == {"code": "PARTNER_EXISTS", "path": ["input", "code"]}
    assert states == ["INVITED", "ACTIVE", "SUSPENDED", "TRANSITION_REFUSED"]


async def test_prices_are_set_and_told_for_a_moment(client: Client, principals: Principals, database: Database) -> None:
    async with database.unit_of_work() as db:
        channel, variant = await make_channel(db, code="shop"), await make_variant(db, sku="LAMP")
    save = """mutation { setPrices(inputs: [
      {channel: "shop", sku: "LAMP", amount: 1999},
      {channel: "shop", sku: "LAMP", amount: 999, validFrom: "2026-07-01T00:00:00Z"}]) {
      ... on SavedRows { created updated } ... on Error { code } } }"""
    ask = """query($channel: UUID!, $variant: UUID!, $at: DateTime) {
      price(channelId: $channel, variantId: $variant, at: $at) { amount channel { currency } variant { sku } } }"""
    saved = await client.graphql(save, principal=principals.admin)
    keys = {"channel": str(channel.id), "variant": str(variant.id)}
    now = await client.graphql(ask, keys, principal=principals.admin)
    then = await client.graphql(ask, {**keys, "at": "2026-07-02T00:00:00Z"}, principal=principals.admin)
    assert saved["data"]["setPrices"] == {"created": 1, "updated": 1}
    assert now["data"]["price"] == {"amount": 1999, "channel": {"currency": "EUR"}, "variant": {"sku": "LAMP"}}
    assert then["data"]["price"]["amount"] == 999


async def test_reduced_price_is_told_with_the_lowest_of_the_thirty_days_before(
    client: Client, principals: Principals, database: Database
) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db, code="shop")
        lamp, rope = await make_variant(db, sku="LAMP"), await make_variant(db, sku="ROPE")
    save = """mutation { setPrices(inputs: [
      {channel: "shop", sku: "LAMP", amount: 1799, validFrom: "2026-05-20T00:00:00Z", validTo: "2026-06-01T00:00:00Z"},
      {channel: "shop", sku: "LAMP", amount: 1999, validFrom: "2026-06-01T00:00:00Z", validTo: "2026-06-10T00:00:00Z"},
      {channel: "shop", sku: "LAMP", amount: 999, validFrom: "2026-06-10T00:00:00Z"},
      {channel: "shop", sku: "LAMP", amount: 99, minQuantity: 10, validFrom: "2026-05-20T00:00:00Z"}]) {
      ... on SavedRows { created } ... on Error { code } } }"""
    ask = """query($channel: UUID!, $variants: [UUID!]!, $at: DateTime) {
      lowestPrices(channelId: $channel, variantIds: $variants, at: $at) { variantId amount since lowest reduced } }"""
    assert (await client.graphql(save, principal=principals.admin))["data"]["setPrices"] == {"created": 4}
    keys = {"channel": str(channel.id), "variants": [str(rope.id), str(lamp.id)]}
    now = await client.graphql(ask, keys, principal=principals.admin)
    before = await client.graphql(ask, {**keys, "at": "2026-06-05T00:00:00Z"}, principal=principals.admin)
    many = await client.graphql(ask, {**keys, "variants": [str(lamp.id)] * 501}, principal=principals.admin)
    assert now["data"]["lowestPrices"] == [
        {
            "variantId": str(lamp.id), "amount": 999, "since": "2026-06-10T00:00:00Z", "lowest": 1799,
            "reduced": True,
        }
    ]  # fmt: skip
    assert [(row["amount"], row["lowest"], row["reduced"]) for row in before["data"]["lowestPrices"]] == [
        (1999, 1799, False)
    ]
    assert many["errors"][0]["extensions"]["code"] == "TOO_MANY_ROWS"


async def test_file_is_imported(client: Client, principals: Principals) -> None:
    bootstrap.load()
    query = """mutation($content: String!, $kind: String!) { importFile(kind: $kind, content: $content) {
      ... on ImportedFile { created refused problems { line field code } } ... on Error { code path } } }"""
    variables = {"kind": "products", "content": "code,name,sku,gtin\nA,A,A-1,\nB,B,B-1,12\n"}
    answer = await client.graphql(query, variables, principal=principals.admin)
    unknown = await client.graphql(query, {**variables, "kind": "x"}, principal=principals.admin)
    forbidden = await client.graphql(query, variables, principal=principals.holding("imports:write"))
    assert answer["data"]["importFile"] == {
        "created": 1,
        "refused": 1,
        "problems": [{"line": 3, "field": "gtin", "code": "INVALID_GTIN"}],
    }
    assert unknown["data"]["importFile"] == {"code": "UNKNOWN_IMPORT_KIND", "path": ["kind"]}
    assert forbidden["data"]["importFile"]["code"] == "FORBIDDEN"


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that run inside."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


async def _fill(db: Session, count: int) -> None:
    channel = await make_channel(db)
    for _ in range(count):
        part = await make_variant(db)
        bundle = await make_bundle(db, {part: 2})
        await make_price(db, channel, part)
        partner = await make_partner(db)
        place = await make_location(db, kind="DROPSHIPPER", partner_id=partner.id)
        await make_tariff(db, location_id=place.id)
        await make_address(db, await make_customer(db))
        await make_channel(db)
        assert bundle.bundle
    await make_product(db)


LISTS = {
    "products": "code accessories { code } variants { sku components { quantity variant { sku product { code } } } }",
    "productVariants": "sku product { code } components { variant { sku } }",
    "stockLocations": "code partner { code } tariffs { parcelCents }",
    "customers": "number addresses { city } references { externalId }",
    "partners": "code",
    "salesChannels": "code legalEntity { code }",
    "prices": "amount channel { code } variant { sku }",
    "taxRates": "rate",
    "taxRegions": "name",
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.engine("sqlite")
async def test_statements_of_a_list_do_not_grow_with_its_rows(
    client: Client, principals: Principals, database: Database, name: str
) -> None:
    async with database.unit_of_work() as db:
        await _fill(db, 50)
    counts = []
    for first in (1, 50):
        with statements(database) as seen:
            query = f"{{ {name}(first: {first}) {{ nodes {{ {LISTS[name]} }} }} }}"
            answer = await client.graphql(query, principal=principals.admin)
        assert "errors" not in answer
        counts.append(len(seen))
    # One row may lack what others have, so it may need fewer; more rows never need more than one per relation.
    assert counts[1] <= 1 + LISTS[name].count("{")
    assert counts[0] <= counts[1]


@pytest.mark.engine("sqlite")
async def test_partner_sees_its_places_only(client: Client, principals: Principals, database: Database) -> None:
    async with database.unit_of_work() as db:
        partner = await make_partner(db)
        own = await make_location(db, kind="DROPSHIPPER", partner_id=partner.id, code="OWN")
        other = await make_location(db, code="OTHER")
    principal = principals.holding("locations:read", "partners:read", partner_id=partner.id)
    query = """query($id: UUID!) { stockLocations { nodes { code } } stockLocation(id: $id) { code } }"""
    for place, seen in ((own, {"code": "OWN"}), (other, None)):
        answer = await client.graphql(query, {"id": str(place.id)}, principal=principal)
        assert answer["data"] == {"stockLocations": {"nodes": [{"code": "OWN"}]}, "stockLocation": seen}


@pytest.mark.engine("sqlite")
async def test_pages_continue_after_the_cursor(client: Client, principals: Principals, database: Database) -> None:
    async with database.unit_of_work() as db:
        for code in "CABD":
            await make_product(db, code=code, name=f"Name {code}")
    query = """query($after: String) { products(first: 3, after: $after, sort: NAME_DESC) {
      nodes { code } pageInfo { hasNextPage endCursor } } }"""
    first = (await client.graphql(query, principal=principals.admin))["data"]["products"]
    rest = await client.graphql(query, {"after": first["pageInfo"]["endCursor"]}, principal=principals.admin)
    unknown = await client.graphql(f'{{ product(id: "{new_id()}") {{ code }} }}', principal=principals.admin)
    assert [node["code"] for node in first["nodes"]] == ["D", "C", "B"]
    assert [node["code"] for node in rest["data"]["products"]["nodes"]] == ["A"]
    assert unknown["data"] == {"product": None}
