"""The repository speaks of the product only: not of the place it was written in nor of what stands outside of it."""

import re

import pytest

from architecture.source import ROOT, tracked_files

FORBIDDEN = {
    "a path of one machine": r"/work/|/tmp/brief|/opt/pypi|/opt/wheels|(?<![\w./-])/root/|/home/\w+/",
    "a package registry": r"files\.pythonhosted\.org|pypi\.org|registry\.npmjs\.org|registry\.yarnpkg\.com",
    "a paper that is not in the repository": r"STYLE-ANCHORS|USER-PAIN|\b(DOMAIN|TECH|ROUTING|FRONTEND)\.md",
    "a number of a task": r"(?i)\bissue #?\d+\b",
    "its own making": r"(?i)\bclaude\b|\banthropic\b|\bchatgpt\b|\bsub-?agents?\b|\bas an ai\b|\blanguage model\b",
    "unfinished work": r"\bTODO\b|\bFIXME\b|\bXXX\b",
}
# This file names what it forbids. Third parties' files and licenses are not ours to word.
SKIPPED = ("tests/architecture/test_project_speaks_of_itself.py", "frontend/vendor/", "LICENSE")


def forbidden_words(text: str) -> list[str]:
    """Each forbidden word in the text with its line number and what it is."""
    return [
        f"{number}: {match.group()!r} is {meaning}"
        for number, line in enumerate(text.splitlines(), start=1)
        for meaning, pattern in FORBIDDEN.items()
        for match in [re.search(pattern, line)]
        if match
    ]


@pytest.mark.parametrize(
    "line",
    [
        "see /work/main/docs",
        "url = 'https://pypi.org/simple'",
        "# as ROUTING.md says",
        "# done for issue 2",
        "Written by Claude",
        "# TODO: finish",
    ],
)
def test_word_from_outside_is_found(line: str) -> None:
    assert len(forbidden_words(f"first line\n{line}\n")) == 1


def test_words_of_the_trade_are_allowed() -> None:
    assert (
        forbidden_words("issue_invoice(); care agents open a session; teamwork/overview; https://x.example/root/") == []
    )


def test_project_speaks_of_itself() -> None:
    found = []
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        content = path.read_bytes()
        if name.startswith(SKIPPED) or b"\0" in content[:8192]:
            continue
        found += [f"{name}:{word}" for word in forbidden_words(content.decode("utf-8", errors="replace"))]
    assert found == []
