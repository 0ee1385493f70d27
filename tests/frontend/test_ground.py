"""What can be said of the apps without a browser: their questions fit the schema, words and colors are complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from architecture.source import ROOT
from kontor.api.http.assets import Release

FRONTEND = ROOT / "frontend"
APPS = sorted(path.parent for path in FRONTEND.glob("*/index.html"))
MOST_REQUESTS, MOST_BYTES, DEEPEST, MOST_LATER = 40, 120_000, 4, 8
_TEXT = re.compile(r"^(?:export )?const (\w+) =\s*(?:`([^`]*)`|\"([^\"]*)\");", re.MULTILINE)
_ASKED = re.compile(r"\bt\(\s*(?:[\w.]+ \? )?\"([a-zA-Z.]+)\"(?: : \"([a-zA-Z.]+)\")?")
_LABELS = re.compile(r"label: \"([a-z]+\.[a-zA-Z.]+)\"")
_BEGUN = re.compile(r"\bt\(`([a-zA-Z.]+)\$\{")
_TOKEN = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")


def sources(*folders: Path) -> Iterator[str]:
    for folder in folders:
        for path in sorted(folder.rglob("*.js")):
            yield path.read_text(encoding="utf-8")


def documents(text: str) -> dict[str, str]:
    """The GraphQL documents of a module, with those they are made of put in."""
    found: dict[str, str] = {}
    for name, template, plain in _TEXT.findall(text):
        found[name] = re.sub(r"\$\{(\w+)\}", lambda part: found[part[1]], template or plain)
    return {name: each for name, each in found.items() if re.match(r"\s*(query|mutation|subscription)\b", each)}


def words(folder: Path, language: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "locales" / f"{language}.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("app", APPS, ids=lambda path: path.name)
def test_questions_fit_the_schema(app: Path) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    asked: dict[str, str] = {}
    for path in sorted([*app.glob("operations.js"), *app.glob("operations/*.js")]):
        asked |= documents(path.read_text(encoding="utf-8"))
    asked |= documents((FRONTEND / "shared/auth.js").read_text(encoding="utf-8"))
    assert len(asked) > 5
    faults = {name: [str(each) for each in validate(schema, parse(text))] for name, text in asked.items()}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize("folder", [FRONTEND / "shared", *APPS], ids=lambda path: path.name)
def test_both_languages_have_the_same_words_in_order(folder: Path) -> None:
    german, english = words(folder, "de"), words(folder, "en")
    assert list(german) == sorted(german) == list(english)
    facts = {key: re.findall(r"\{\w+\}", str(text)) for key, text in english.items()}
    assert facts == {key: re.findall(r"\{\w+\}", str(text)) for key, text in german.items()}


def asked_for(*folders: Path) -> tuple[set[str], tuple[str, ...]]:
    """The keys of words that modules name, and how those begin that they put together."""
    texts = list(sources(*folders))
    used = {key for text in texts for pair in _ASKED.findall(text) for key in pair if key}
    used |= {key for text in texts for key in _LABELS.findall(text)}
    return used, tuple({key for text in texts for key in _BEGUN.findall(text)})


@pytest.mark.parametrize("app", APPS, ids=lambda path: path.name)
def test_every_word_is_there_and_every_one_is_used(app: Path) -> None:
    used, begun = asked_for(FRONTEND / "shared", app)
    assert used - set(words(FRONTEND / "shared", "en")) - set(words(app, "en")) == set()
    assert {key for key in words(app, "en") if key not in used and not key.startswith(begun)} == set()


def test_every_shared_word_is_used_by_some_app() -> None:
    used, begun = asked_for(FRONTEND / "shared", *APPS)
    assert {key for key in words(FRONTEND / "shared", "en") if key not in used and not key.startswith(begun)} == set()


def brightness(color: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([brightness(one), brightness(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_colors_can_be_told_from_what_is_behind_them() -> None:
    found = _TOKEN.findall((FRONTEND / "shared/styles/tokens.css").read_text(encoding="utf-8"))
    for theme in (1, 2):
        colors = {row[0]: row[theme] for row in found}
        grounds = ("bg", "surface", "raised", "ok-fill", "warn-fill", "bad-fill", "info-fill")
        pairs = [*product(("text", "muted"), grounds), ("on-brand", "brand"), ("bg", "text")]
        pairs += [*product(("brand", "ok", "warn", "bad"), ("bg", "surface")), ("brand", "info-fill")]
        pairs += [(role, f"{role}-fill") for role in ("ok", "warn", "bad")]
        assert {pair: round(contrast(colors[pair[0]], colors[pair[1]]), 1) for pair in pairs
                if contrast(colors[pair[0]], colors[pair[1]]) < 4.5} == {}  # fmt: skip
        assert min(contrast(colors["border-strong"], colors[ground]) for ground in ("bg", "surface")) >= 3


@pytest.mark.parametrize("app", APPS, ids=lambda path: path.name)
def test_first_screen_keeps_its_budget(app: Path) -> None:
    release = Release(FRONTEND)
    first = release.first_imports(f"{app.name}/main.js")
    page, _ = release.pages[app.name]
    styles = re.findall(r'stylesheet" href="/assets/[^/]+/([^"]+)"', page)
    loaded = [*first, *styles, "shared/locales/de.json", f"{app.name}/locales/de.json"]
    assert len(loaded) + 1 <= MOST_REQUESTS
    sizes = [len(release.files[path].packed or release.files[path].body) for path in loaded]
    assert sum(sizes) + len(page) <= MOST_BYTES
    assert re.findall(r'modulepreload" href="/assets/[^/]+/([^"]+)"', page) == first
    for path in sorted((app / "pages").glob("*.js")):
        own = f"{app.name}/pages/{path.name}"
        assert len(set(release.first_imports(own)) - set(first)) <= MOST_LATER, own
        assert depth(release, own, set(first)) <= DEEPEST, own


def depth(release: Release, path: str, there: set[str]) -> int:
    """How many modules wait for each other in the longest row of those that are not there yet."""
    if path in there:
        return 0
    return 1 + max((depth(release, each, {*there, path}) for each in release.imported(path)), default=0)
