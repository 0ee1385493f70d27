"""Photos of claims: sent by care and by customers, kept without what a camera tells, seen by nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from documents.test_images import exif, jpeg
from factories.fulfillment import confirmed, order_of, shipped
from kontor.api.http import photos
from kontor.core.db import Database
from kontor.orders.intake import CustomerInput
from selfservice.test_self_service import GRETA, Shopper, allow, line_of, shop
from support import Client, Principals

pytestmark = pytest.mark.engine("sqlite")
OPEN = """mutation($input: OpenClaimInput!) { openClaim(input: $input) { __typename
  ... on ClaimChanged { claim { id number state openedBy } } ... on Error { code message } } }"""
CLAIMS = "{ claims { nodes { openedBy fault photos { address } lines { quantity } } } }"
MAY = "query($id: UUID!) { selfService(orderId: $id) { acts { act allowed code } } }"
CANCEL = """mutation($id: UUID!) { cancelClaim(id: $id, reason: "it works after all") { __typename
  ... on ClaimChanged { claim { state } } ... on Error { code } } }"""


def damaged(order_id: Any, line: str) -> dict[str, Any]:
    return {"orderId": str(order_id), "kind": "DAMAGED", "lines": [{"orderLineId": line, "quantity": 1}]}


async def test_a_customer_reports_damage_with_a_photo_that_tells_no_place(
    database: Database, client: Client, principals: Principals, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await shop(database)
    order_id, _ = await shipped(database, company, ("LAMP", 2), **GRETA)
    theirs, _ = await shipped(
        database, company, ("LAMP", 1), customer=CustomerInput("Hein", "hein@example.org", "hein")
    )
    greta = Shopper(client, company, (await order_of(database, order_id)).customer_id)
    hein = Shopper(client, company, (await order_of(database, theirs)).customer_id)
    wish = damaged(order_id, await line_of(database, order_id))
    acts = {row["act"]: row["allowed"] for row in (await greta.ask(MAY, id=str(order_id)))["acts"]}
    assert acts["CLAIM"] is True
    await allow(client, principals, company, claims=False)
    assert (await greta.ask(OPEN, input=wish))["code"] == "SELF_SERVICE_NOT_OFFERED"
    await allow(client, principals, company)
    claim = (await greta.ask(OPEN, input=wish))["claim"]
    assert (claim["state"], claim["openedBy"]) == ("OPEN", "")

    address, mine = f"/files/claims/{claim['id']}/photos", client.acting(greta.principal)
    kept = await client.http.post(address, content=jpeg(exif(6)), headers=mine)
    assert kept.status_code == 201
    shown = await client.http.get(kept.json()["address"], headers=mine)
    assert shown.headers["content-type"] == "image/jpeg"
    assert b"16.3E" not in shown.content
    for stranger, status in ((client.acting(hein.principal), 404), ({}, 401)):
        assert (await client.http.get(kept.json()["address"], headers=stranger)).status_code == status
        assert (await client.http.post(address, content=jpeg(), headers=stranger)).status_code == status
    care = client.acting(principals.holding("claims:write"))
    assert (await client.http.post(address, content=jpeg(), headers=care)).status_code == 201
    monkeypatch.setattr(photos, "MOST_PHOTOS", 2)
    refused = await client.http.post(address, content=jpeg(), headers=mine)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "TOO_MANY_PHOTOS")
    refused = await client.http.post(address, content=b"<svg>", headers=mine)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "IMAGE_KIND_UNKNOWN")

    (seen,) = (await greta.ask(CLAIMS))["nodes"]
    assert (seen["openedBy"], seen["fault"], len(seen["photos"])) == ("", None, 2)
    assert (await hein.ask(CLAIMS))["nodes"] == []
    assert (await greta.ask(CANCEL, id=claim["id"]))["claim"]["state"] == "CANCELED"


async def test_nothing_can_be_claimed_before_it_was_sent(database: Database, client: Client) -> None:
    company = await shop(database)
    order_id = await confirmed(database, company, ("LAMP", 1), **GRETA)
    greta = Shopper(client, company, (await order_of(database, order_id)).customer_id)
    acts = {row["act"]: row["code"] for row in (await greta.ask(MAY, id=str(order_id)))["acts"]}
    assert acts["CLAIM"] == "NOTHING_TO_CLAIM"
    refused = await greta.ask(OPEN, input=damaged(order_id, await line_of(database, order_id)))
    assert refused["code"] == "NOTHING_TO_CLAIM"
