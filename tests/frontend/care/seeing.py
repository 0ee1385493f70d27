"""What a page shows, looked at as a whole: its words in one language alone, no code of ours, sums in their columns."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from playwright.async_api import Page

from architecture.source import ROOT

_LOOK = """() => {
  const texts = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (!text.parentElement.closest("script, style, kbd, .letter, textarea, .timeline dd")) texts.add(text.data.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const each of document.querySelectorAll(`[${name}]`)) texts.add(each.getAttribute(name).trim());
  const all = (wanted) => [...document.querySelectorAll(wanted)];
  const isSum = (cell) => /^[−-]?(€\\s?)?[\\d.,]+(\\s€)?$/.test(cell.innerText.trim()) && cell.innerText.includes("€");
  const atEnd = (cell) => ["end", "right"].includes(getComputedStyle(cell).textAlign);
  return {
    texts: [...texts].filter(Boolean),
    headings: all("main h1, main h2").map((each) => each.innerText),
    aslant: all("td").filter((each) => isSum(each) && !atEnd(each)).map((each) => each.innerText),
    cut: all("main .table").filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText),
  };
}"""
_CODE = re.compile(
    r"\b[A-Z]{2,}(?:_[A-Z]+)+\b|\b[a-z]+(?:_[a-z]+)+\b|\b(?:system|user):"  # ON_ACCOUNT, goodwill_voucher, user:Kim
    r"|^[A-Z]{4,}$|^[a-z]+[A-Za-z]*(?:\.[A-Za-z_]+)+$"  # DECLINED, order.state
)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-")
_BROKEN = re.compile(r"\b(?:undefined|null|NaN|Invalid Date|\[object)")
_FACT = re.compile(r"\{\w+\}")
KNOWN = {"IBAN"}


async def oddities(page: Page, language: str) -> list[str]:
    """What a person who reads `language` would wonder about on the page; at the width of a desk."""
    seen = await page.evaluate(_LOOK)
    spoken, foreign = _patterns(language), _patterns("en" if language == "de" else "de")
    own = _plain(language)
    found = []
    for text in seen["texts"]:
        if (text in foreign[0] and text not in own) or (foreign[1].match(text) and not spoken[1].match(text)):
            found.append(f"other language: {text}")
        if (_CODE.search(text) and text not in KNOWN and text not in own) or _ID.search(text) or _BROKEN.search(text):
            found.append(f"code: {text}")
    twice = {each for each in seen["headings"] if seen["headings"].count(each) > 1}
    found += [f"heading twice: {each}" for each in sorted(twice)]
    found += [f"sum not at the end: {each}" for each in seen["aslant"]]
    return found + [f"table is cut: {each[:60]}" for each in seen["cut"]]


@cache
def _words(language: str) -> tuple[str, ...]:
    found: list[str] = []
    for folder in ("shared", "care"):
        read: dict[str, Any] = json.loads((ROOT / f"frontend/{folder}/locales/{language}.json").read_text("utf-8"))
        for text in read.values():
            found += text.values() if isinstance(text, dict) else [text]
    return tuple(found)


@cache
def _plain(language: str) -> frozenset[str]:
    return frozenset(_words(language))


@cache
def _patterns(language: str) -> tuple[frozenset[str], re.Pattern[str]]:
    """Words as they stand, without those that say the same in the other language; and those with facts in them."""
    other = _plain("en" if language == "de" else "de")
    plain = frozenset(text for text in _words(language) if "{" not in text and text not in other and len(text) > 1)
    filled = [
        text for text in _words(language) if "{" in text and len(re.findall("[a-zäöüß]", _FACT.sub("", text))) > 5
    ]
    shapes = [".+".join(map(re.escape, _FACT.split(text))) for text in filled if text not in other]
    return plain, re.compile(f"^(?:{'|'.join(shapes)})$")
