"""The mailbox shows messages to those who may see them, and lets none of them do anything."""

from __future__ import annotations

from typing import Any

import pytest

from kontor.api.http.mailbox import may_read
from kontor.core.jobs import Runtime
from kontor.core.principal import ANONYMOUS, Principal
from kontor.notifications.ports import MessageAttachment, MessageSender, OutgoingMessage
from kontor.settings import Settings
from support import Client, Principals

pytestmark = pytest.mark.engine("sqlite")
GERMAN = {"accept-language": "de"}


@pytest.fixture
def operator(principals: Principals) -> Principal:
    return principals.holding("operations:read")


async def send(runtime: Runtime, number: int = 1, **given: Any) -> None:
    values: dict[str, Any] = {
        "to": "greta@fock.example", "subject": f"Ihre Bestellung {number} <b>", "text": "Grüße & Dank",
        "html": "<p>Grüße</p><script>alert(1)</script>", "message_id": f"<m{number}@kontor.example>",
        "attachments": (MessageAttachment(name="Rück.pdf", data=b"%PDF", media_type="application/pdf"),),
    }  # fmt: skip
    sender = runtime.ports.get(MessageSender)  # type: ignore[type-abstract]
    await sender.send(OutgoingMessage(**(values | given)))


async def test_list_is_searched_by_recipient(runtime: Runtime, client: Client, operator: Principal) -> None:
    await send(runtime)
    await send(runtime, 2, to="other@fock.example")
    acting = client.acting(operator)
    page = await client.http.get("/mailbox", headers={**acting, **GERMAN})
    assert page.status_code == 200
    assert '<html lang="de">' in page.text
    assert "2 Nachrichten" in page.text
    assert "Ihre Bestellung 1 &lt;b&gt;" in page.text
    narrowed = await client.http.get("/mailbox", params={"to": "GRETA@"}, headers=acting)
    assert "1 message" in narrowed.text
    assert "other@fock.example" not in narrowed.text
    assert "No messages." in (await client.http.get("/mailbox?to=nobody", headers=acting)).text


async def test_message_is_shown_in_a_cage_and_as_text(runtime: Runtime, client: Client, operator: Principal) -> None:
    await send(runtime)
    acting = client.acting(operator)
    page = await client.http.get("/mailbox/m1@kontor.example", headers=acting)
    assert '<iframe sandbox src="/mailbox/m1@kontor.example/html"' in page.text
    assert "<script" not in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    mail = await client.http.get("/mailbox/m1@kontor.example/html", headers=acting)
    policy = mail.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("sandbox")
    text = await client.http.get("/mailbox/m1@kontor.example?view=text", headers=acting)
    assert "Grüße &amp; Dank" in text.text
    assert "<iframe" not in text.text


async def test_attachment_is_downloaded_never_shown(runtime: Runtime, client: Client, operator: Principal) -> None:
    await send(runtime)
    acting = client.acting(operator)
    file = await client.http.get("/mailbox/m1@kontor.example/attachments/0", headers=acting)
    assert (file.content, file.headers["content-type"]) == (b"%PDF", "application/pdf")
    assert file.headers["content-disposition"] == "attachment; filename*=utf-8''R%C3%BCck.pdf"
    assert (await client.http.get("/mailbox/m1@kontor.example/attachments/1", headers=acting)).status_code == 404


@pytest.mark.parametrize("path", ["/mailbox", "/mailbox/m1@kontor.example", "/mailbox/m1@kontor.example/html"])
async def test_strangers_see_nothing(runtime: Runtime, client: Client, principals: Principals, path: str) -> None:
    await send(runtime)
    for principal, status in (
        (principals.anonymous, 401),
        (principals.holding("orders:read"), 403),
        (principals.holding("operations:read", channel_ids=frozenset()), 403),
    ):
        page = await client.http.get(path, headers=client.acting(principal))
        assert page.status_code == status
        assert "Bestellung" not in page.text


@pytest.mark.parametrize("name", ["nothing@x.example", "..%2Fgateway", "a"])
async def test_unknown_message_is_not_found(client: Client, operator: Principal, name: str) -> None:
    assert (await client.http.get(f"/mailbox/{name}", headers=client.acting(operator))).status_code == 404


async def test_with_a_mail_server_the_page_says_so(runtime: Runtime, client: Client, operator: Principal) -> None:
    runtime.ports.register(MessageSender, object())
    page = await client.http.get("/mailbox", headers=client.acting(operator))
    assert "leave by the mail server" in page.text


@pytest.mark.parametrize(
    ("given", "headers", "client", "allowed"),
    [
        ({}, {}, "127.0.0.1", True),
        ({}, {}, "::1", True),
        ({}, {}, "10.0.0.7", False),
        ({}, {}, None, False),
        ({}, {"x-forwarded-for": "1.2.3.4"}, "127.0.0.1", False),
        ({"environment": "production"}, {}, "127.0.0.1", False),
        ({"redis_url": "redis://x"}, {}, "127.0.0.1", False),
    ],
)
def test_developer_needs_no_sign_in_on_the_own_machine_only(
    given: dict[str, Any], headers: dict[str, str], client: str | None, allowed: bool
) -> None:
    assert may_read(ANONYMOUS, Settings(**given), headers, client) is allowed
