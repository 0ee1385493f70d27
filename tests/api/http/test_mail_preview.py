"""Drafts of messages are shown in a frame to those who may read messages, and can do nothing there."""

from __future__ import annotations

import pytest

from factories.stories import make_story
from kontor.core.db import Database
from support import Client, Principals

pytestmark = pytest.mark.engine("sqlite")
DRAFT = {
    "template": "order_confirmed", "language": "en", "subject": "Yours: {{ order_number }}", "title": "Thanks",
    "body": "It costs {{ total|money(currency) }}.\r\n\r\nBye.",
}  # fmt: skip


async def test_draft_is_written_in_a_cage(database: Database, client: Client, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, number="K-1", language="en")
    acting = client.acting(principals.holding("notifications:read", "orders:read"))
    asked = {**DRAFT, "orderId": str(story.order.id)}
    shown = await client.http.post("/mail-preview", data=asked, headers=acting)
    assert shown.status_code == 200
    assert "It costs €40.00." in shown.text
    policy = shown.headers["content-security-policy"]
    assert (policy.startswith("default-src 'none'"), policy.endswith("sandbox")) == (True, True)
    assert "script" not in policy
    wrong = await client.http.post("/mail-preview", data={**asked, "body": "{{ totl }}"}, headers=acting)
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "PLACEHOLDER_UNKNOWN")
    nameless = await client.http.post("/mail-preview", data=DRAFT, headers=acting)
    assert nameless.json()["errors"][0]["path"] == ["orderId"]
    stranger = await client.http.post("/mail-preview", data=asked)
    assert stranger.status_code == 401
    other = client.acting(principals.holding("orders:read"))
    assert (await client.http.post("/mail-preview", data=asked, headers=other)).status_code == 403
