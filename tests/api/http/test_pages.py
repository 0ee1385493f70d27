"""The start page leads to what is there."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from kontor.app import create_app
from kontor.core.jobs import Runtime


async def start_page(runtime: Runtime, environment: str, language: str = "en") -> str:
    settings = replace(runtime.settings, environment=environment)
    transport = httpx.ASGITransport(app=create_app(settings, runtime=runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        answer = await http.get("/", headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.engine("sqlite")
async def test_start_page_leads_to_the_explorer_in_development_only(runtime: Runtime) -> None:
    assert 'href="/graphql"' in await start_page(runtime, "development")
    assert 'href="/graphql"' not in await start_page(runtime, "production")


@pytest.mark.engine("sqlite")
async def test_start_page_speaks_german(runtime: Runtime) -> None:
    page = await start_page(runtime, "production", "de-AT")
    assert '<html lang="de">' in page
    assert 'href="/documents"><strong>Dokumente</strong>' in page
