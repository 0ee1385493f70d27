"""What a benchmark says: figures with their ratio and goal, as text and as a section of docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `ratio` is to the baseline of the same run."""

    name: str
    value: str
    ratio: float | None = None
    goal: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The figures of one benchmark."""

    name: str
    figures: list[Figure] = field(default_factory=list)

    def text(self) -> str:
        """A table as Markdown draws it."""
        lines = ["| figure | value | ratio | goal | note |", "| --- | --- | --- | --- | --- |"]
        for each in self.figures:
            ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
            lines.append(f"| {each.name} | {each.value} | {ratio} | {each.goal} | {each.note} |")
        return "\n".join(lines)


def machine() -> str:
    """The machine in a line."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def write(section: Section, path: Path) -> None:
    """Put the section between its marks in the document, replacing what stood there."""
    begin, end = f"<!-- {section.name}: begin -->", f"<!-- {section.name}: end -->"
    stamp = datetime.now(UTC).date().isoformat()
    block = f"{begin}\n\nMeasured {stamp} on {machine()}.\n\n{section.text()}\n\n{end}"
    text = path.read_text() if path.exists() else "# Benchmarks\n"
    if begin in text:
        text = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: block, text, flags=re.DOTALL)
    else:
        text += f"\n## {section.name}\n\n{block}\n"
    path.write_text(text)
