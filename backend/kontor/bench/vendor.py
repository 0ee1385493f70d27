"""`kontor vendor`: fetch the pinned browser libraries by npm and check their sums."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import typer

from kontor import bootstrap

_ROW = re.compile(r"(?m)^\| (\S+) \| (\S+) \| (\S+) \| [^|]+ \| ([0-9a-f]{64}) \|$")
Fetch = Callable[[str, str], bytes]

app = typer.Typer(help="Fetch the pinned browser libraries and check their sums.")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A file as VERSIONS.md has it; its content is known by the sum alone."""

    file: str
    package: str
    version: str
    sha256: str


class SumMismatch(RuntimeError):
    """What a package holds is not what was pinned."""


def pinned(text: str) -> list[Pinned]:
    """The rows of VERSIONS.md."""
    return [Pinned(*row) for row in _ROW.findall(text)]


def refresh(folder: Path, rows: Sequence[Pinned], fetch: Fetch) -> list[str]:
    """Write every file that is missing or changed; returns their names. Raises `SumMismatch`."""
    written = []
    for row in rows:
        target = folder / row.file
        if target.is_file() and _sum(target.read_bytes()) == row.sha256:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_member(fetch(row.package, row.version), row))
        written.append(row.file)
    return written


def _member(archive: bytes, row: Pinned) -> bytes:
    """The file of a package that has the pinned sum, wherever the package keeps it."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as package:
        for member in package:
            content = package.extractfile(member) if member.isfile() else None
            if content is not None and _sum(data := content.read()) == row.sha256:
                return data
    raise SumMismatch(f"{row.package} {row.version} holds no file with the sum of {row.file}")


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=8)
def download(package: str, version: str) -> bytes:
    """The package as published."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True)
        return next(Path(folder).glob("*.tgz")).read_bytes()


@app.callback(invoke_without_command=True)
def vendor() -> None:
    """Fetch what is missing or changed; exit 1 when a package does not hold what was pinned."""
    folder = bootstrap.project_root() / "frontend" / "vendor"
    rows = pinned((folder / "VERSIONS.md").read_text(encoding="utf-8"))
    try:
        written = refresh(folder, rows, download)
    except SumMismatch as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{len(rows)} files, {len(written)} fetched.")
