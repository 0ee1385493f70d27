"""The page of documents shows each what they may read, by kind and number, page by page."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest

from kontor.api.http import documents, pages
from kontor.api.http.documents import KINDS
from kontor.api.http.files import PERMISSIONS, permission_for
from kontor.auth.permissions import Permission
from kontor.care.personal import FILES_REMOVED
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal
from kontor.documents import service
from kontor.documents.ports import DocumentStore
from kontor.documents.service import DocumentNotFound, NewDocument
from kontor.printing.values import PaperKind
from support import Client, Principals

READERS = ("invoices:read", "returns:read", "orders:read")
GERMAN = {"accept-language": "de"}


@pytest.fixture
def reader(principals: Principals) -> Principal:
    return principals.holding(*READERS)


async def keep(runtime: Runtime, number: str, kind: str = "INVOICE", *, hours: int = 0, size: int = 5) -> UUID:
    new = NewDocument(
        kind=kind, number=number, key=f"x/{new_id()}", data=b"%PDF-".ljust(size, b"x"), channel_id=new_id()
    )
    await service.put(runtime.ports.get(DocumentStore), new)  # type: ignore[type-abstract]
    async with runtime.database.unit_of_work() as db:
        [kept] = await service.add_all(db, [new], now=db.now + timedelta(hours=hours))
    return kept


async def shown(client: Client, principal: Principal, **params: str) -> list[str]:
    page = await client.http.get("/documents", params=params, headers=client.acting(principal))
    assert page.status_code == 200
    return re.findall(r"<strong>(.*?)</strong>", page.text)


async def test_newest_come_first_with_kind_time_and_size(runtime: Runtime, client: Client, reader: Principal) -> None:
    kept = await keep(runtime, "R-1 <b>", size=2048)
    await keep(runtime, "G-1", "CREDIT_NOTE", hours=1)
    assert await shown(client, reader) == ["G-1", "R-1 &lt;b&gt;"]
    page = await client.http.get("/documents", headers={**client.acting(reader), **GERMAN})
    assert '<html lang="de">' in page.text
    assert "2 Dokumente" in page.text
    assert f'<a href="/files/documents/{kept}" type="application/pdf">' in page.text
    assert "<span>Rechnung · 2 kB</span>" in page.text
    assert "15. Juni 2026, 10:00 UTC" in page.text


async def test_a_listed_document_opens(runtime: Runtime, client: Client, reader: Principal) -> None:
    kept = await keep(runtime, "R-1")
    file = await client.http.get(f"/files/documents/{kept}", headers=client.acting(reader))
    assert (file.content, file.headers["content-type"]) == (b"%PDF-", "application/pdf")
    assert file.headers["content-disposition"].startswith("inline;")


async def test_kind_and_number_narrow_the_list(runtime: Runtime, client: Client, reader: Principal) -> None:
    for hours, (number, kind) in enumerate([("R-100%", "INVOICE"), ("R-1001", "INVOICE"), ("G-1001", "CREDIT_NOTE")]):
        await keep(runtime, number, kind, hours=hours)
    assert await shown(client, reader, number="1001") == ["G-1001", "R-1001"]
    assert await shown(client, reader, kind="INVOICE", number="r-100") == ["R-1001", "R-100%"]
    assert await shown(client, reader, number="0%") == ["R-100%"]
    assert await shown(client, reader, kind="NOTHING", number="\0") == []
    query = "query ($number: String) { documents(number: $number) { nodes { number } } }"
    answer = await client.graphql(query, {"number": "1001"}, principal=reader)
    assert answer["data"]["documents"]["nodes"] == [{"number": "G-1001"}, {"number": "R-1001"}]


async def test_pages_follow_one_another_and_keep_the_search(
    runtime: Runtime, client: Client, reader: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "SHOWN", 2)
    for hours in range(3):
        await keep(runtime, f"R-{hours}", hours=hours)
    acting = client.acting(reader)
    first = await client.http.get("/documents?kind=INVOICE", headers=acting)
    assert "2 documents on this page" in first.text
    found = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert found is not None
    second = await client.http.get(found[1].replace("&amp;", "&"), headers=acting)
    assert re.findall(r"<strong>(.*?)</strong>", second.text) == ["R-0"]
    assert '<option value="INVOICE" selected>' in second.text
    assert 'href="/documents?kind=INVOICE">Newest</a>' in second.text
    assert 'rel="next"' not in second.text


async def test_a_wrong_page_says_so_and_shows_the_newest(runtime: Runtime, client: Client, reader: Principal) -> None:
    await keep(runtime, "R-1")
    page = await client.http.get("/documents?after=nonsense", headers=client.acting(reader))
    assert page.status_code == 400
    assert '<p role="alert">This page of the list does not exist.' in page.text
    assert "<strong>R-1</strong>" in page.text


@pytest.mark.engine("sqlite")
async def test_without_documents_the_page_says_so(client: Client, reader: Principal) -> None:
    page = await client.http.get("/documents", headers=client.acting(reader))
    assert '<p role="status">No documents.</p>' in page.text


@pytest.mark.engine("sqlite")
async def test_everybody_sees_the_kinds_they_may_read(runtime: Runtime, client: Client, principals: Principals) -> None:
    for number, kind in (("R-1", "INVOICE"), ("L-1", "DELIVERY_NOTE"), ("S-1", "RETURN_SLIP")):
        await keep(runtime, number, kind)
    for permission, number in (("invoices:read", "R-1"), ("orders:read", "L-1"), ("returns:read", "S-1")):
        assert await shown(client, principals.holding(permission)) == [number]
    assert await shown(client, principals.holding(*READERS, channel_ids=frozenset())) == []
    assert list(documents.kinds_of(principals.holding("returns:read"), "en")) == [
        "RETURN_SLIP",
        "RETURN_LABEL",
        "RETURN_PHOTO",
    ]


@pytest.mark.engine("sqlite")
async def test_strangers_see_nothing(runtime: Runtime, client: Client, principals: Principals) -> None:
    await keep(runtime, "R-1")
    for principal, status in ((principals.anonymous, 401), (principals.holding("stock:read"), 403)):
        page = await client.http.get("/documents", headers=client.acting(principal))
        assert page.status_code == status
        assert "R-1" not in page.text
        assert "<form" not in page.text


@pytest.mark.engine("sqlite")
async def test_start_page_leads_to_pages_that_exist(client: Client, principals: Principals) -> None:
    for language in pages.TEXTS:
        for path, _, _ in pages.TEXTS[language][1]:
            if path == "/graphql":  # the explorer is there in development only
                continue
            answer = await client.http.get(path, headers=client.acting(principals.admin))
            assert answer.status_code in (200, 503), path  # no relay runs here, so the installation is not ready


def test_both_languages_have_the_same_words() -> None:
    assert documents.WORDS["de"].keys() == documents.WORDS["en"].keys()
    assert documents.KINDS["de"].keys() == documents.KINDS["en"].keys()


def test_a_kind_of_file_that_nobody_named_opens_for_nobody() -> None:
    """What a company says to a bank about somebody is neither for them nor for who reads their orders."""
    assert {kind.value for kind in PaperKind} | FILES_REMOVED | set(KINDS["en"]) <= set(PERMISSIONS)
    assert permission_for("EVIDENCE") is Permission.DISPUTES_WRITE
    with pytest.raises(DocumentNotFound):
        permission_for("LETTER")
