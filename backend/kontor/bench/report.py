"""What a benchmark says: figures with their ratio and goal, as text and as a section of docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

_MODEL = re.compile(r"(?m)^model name\s*:\s*(.+)$")
_MEMORY = re.compile(r"(?m)^MemTotal:\s*(\d+) kB$")


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
    """The figures of one benchmark; the appendix is told, not kept."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    appendix: str = ""

    def text(self) -> str:
        """A table as Markdown draws it."""
        lines = ["| figure | value | ratio | goal | note |", "| --- | --- | --- | --- | --- |"]
        for each in self.figures:
            ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
            lines.append(f"| {each.name} | {each.value} | {ratio} | {each.goal} | {each.note} |")
        return "\n".join(lines)


def machine() -> str:
    """The machine in a line."""
    parts = [f"{os.cpu_count()} cores"]
    for path, pattern, form in (("/proc/cpuinfo", _MODEL, "{}"), ("/proc/meminfo", _MEMORY, "{} GB of memory")):
        found = pattern.search(Path(path).read_text()) if Path(path).exists() else None
        if found:
            parts.append(form.format(found[1] if path.endswith("cpuinfo") else round(int(found[1]) / 1e6)))
    return ", ".join([*parts, f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"])


def marks(name: str) -> tuple[str, str]:
    """What stands before and after the generated part of a benchmark."""
    return f"<!-- {name}: begin, written by `kontor bench {name}` -->", f"<!-- {name}: end -->"


def write(section: Section, path: Path) -> None:
    """Put the figures between their marks in the document, replacing what stood there; the rest stays as it is."""
    begin, end = marks(section.name)
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    block = f"{begin}\n\nMeasured {stamp} on {machine()}.\n\n{section.text()}\n\n{end}"
    text = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    if begin in text:
        text = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: block, text, flags=re.DOTALL)
    else:
        text += f"\n## {section.name}\n\n{block}\n"
    path.write_text(text, encoding="utf-8")
