"""The apps' files: kept for a year under an address of their content, checked by sums, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from architecture.source import ROOT
from kontor.api.http.assets import HEAD, Assets, Release
from kontor.app import create_app
from kontor.core.jobs import Runtime

FRONTEND = ROOT / "frontend"


def over(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver")


def small(folder: Path) -> Path:
    """A portal of two modules and one that is for later."""
    for name, text in {
        "portal/index.html": f"<html>{HEAD}</html>",
        "portal/main.js": 'import { a } from "lib";\nimport "./other.js";\nconst later = () => import("./later.js");\n',
        "portal/other.js": 'export { b } from "../shared/b.js";\n',
        "portal/later.js": "export const c = 3;\n",
        "shared/b.js": "export const b = 2;\n" * 50,
        "shared/imports.json": '{"lib": "vendor/lib/lib.mjs"}',
        "vendor/lib/lib.mjs": "export const a = 1;\n",
        "vendor/lib/LICENSE": "Do as you like.",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def sum_of(data: bytes) -> str:
    return f"sha384-{base64.b64encode(hashlib.sha384(data).digest()).decode()}"


def importmap_of(page: str) -> dict[str, dict[str, str]]:
    found = re.search(r'<script type="importmap">(.*?)</script>', page)
    assert found
    maps: dict[str, dict[str, str]] = json.loads(found[1])
    return maps


def test_page_names_every_module_with_its_sum_and_loads_the_first_at_once(tmp_path: Path) -> None:
    release = Release(small(tmp_path))
    page, policy = release.pages["portal"]
    maps = importmap_of(page)
    at = release.address
    assert maps["imports"] == {"lib": at("vendor/lib/lib.mjs")}
    assert maps["integrity"] == {
        at(path): sum_of((tmp_path / path).read_bytes())
        for path in ("portal/later.js", "portal/main.js", "portal/other.js", "shared/b.js", "vendor/lib/lib.mjs")
    }
    assert re.findall(r'modulepreload" href="([^"]+)"', page) == [
        at("portal/main.js"), at("vendor/lib/lib.mjs"), at("portal/other.js"), at("shared/b.js"),
    ]  # fmt: skip
    written = re.search(r"<script type=\"importmap\">(.*?)</script>", page)
    assert written
    digest = base64.b64encode(hashlib.sha256(written[1].encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "trusted-types 'none'" in policy
    assert "unsafe" not in policy


def test_import_of_what_is_not_there_is_found(tmp_path: Path) -> None:
    (small(tmp_path) / "shared/b.js").write_text('import { d } from "./gone.js";')
    with pytest.raises(KeyError, match=r"shared/b\.js imports \./gone\.js"):
        Release(tmp_path)


@pytest.mark.engine("sqlite")
async def test_files_are_kept_for_a_year_and_pages_are_asked_for_again(runtime: Runtime) -> None:
    app = create_app(replace(runtime.settings, environment="production"), runtime=runtime)
    async with over(app) as http:
        page = await http.get("/portal/orders?tab=new")
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
        main = re.search(r'src="(/assets/([^/]+)/portal/main\.js)"', page.text)
        assert main
        file = await http.get(main[1], headers={"accept-encoding": "gzip"})
        assert (file.status_code, file.headers["content-encoding"]) == (200, "gzip")
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.headers["content-type"] == "text/javascript; charset=utf-8"
        assert file.content == (FRONTEND / "portal/main.js").read_bytes()
        plain = await http.get(main[1], headers={"accept-encoding": "identity"})
        assert (plain.content, plain.headers.get("content-encoding")) == (file.content, None)
        for gone in (main[1].replace(main[2], "0" * 12), f"/assets/{main[2]}/x.js"):
            answer = await http.get(gone)
            assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
        assert (await http.get("/assets/x/%2e%2e/README.md")).status_code != 200


def test_every_file_of_the_release_is_ours() -> None:
    release = Release(FRONTEND)
    assert set(release.pages) == {path.name for path in FRONTEND.iterdir() if (path / "index.html").is_file()}
    for page, _ in release.pages.values():
        assert re.findall(r'(?:src|href)="(?!/assets/|/favicon\.ico)([^"]+)"', page) == []


def test_changed_file_makes_a_new_release_in_development_only(tmp_path: Path) -> None:
    small(tmp_path)
    watched, fixed = Assets(tmp_path, watched=True), Assets(tmp_path, watched=False)
    before = watched.current().version
    assert fixed.current().version == before == watched.current().version
    (tmp_path / "shared/b.js").write_text("export const b = 3;\n")
    assert watched.current().version != before
    assert fixed.current().version == before
