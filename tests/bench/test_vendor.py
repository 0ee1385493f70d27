"""Browser libraries are what was pinned, or they are not written at all."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from architecture.source import ROOT
from kontor.bench.vendor import Pinned, SumMismatch, pinned, refresh

VENDOR = ROOT / "frontend" / "vendor"
CONTENT = b"export const h = 1;\n"
ROW = Pinned("preact/preact.js", "preact", "10.0.0", hashlib.sha256(CONTENT).hexdigest())


def archive(content: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as package:
        member = tarfile.TarInfo("package/dist/preact.module.js")
        member.size = len(content)
        package.addfile(member, io.BytesIO(content))
    return written.getvalue()


def test_missing_file_is_fetched_once(tmp_path: Path) -> None:
    assert refresh(tmp_path, [ROW], lambda *_: archive(CONTENT)) == ["preact/preact.js"]
    assert (tmp_path / "preact" / "preact.js").read_bytes() == CONTENT
    assert refresh(tmp_path, [ROW], lambda *_: b"") == []


def test_package_with_another_sum_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SumMismatch):
        refresh(tmp_path, [ROW], lambda *_: archive(b"something else"))
    assert not (tmp_path / "preact" / "preact.js").exists()


def test_files_in_the_repository_are_the_pinned_ones() -> None:
    rows = pinned((VENDOR / "VERSIONS.md").read_text(encoding="utf-8"))
    wrong = [row.file for row in rows if hashlib.sha256((VENDOR / row.file).read_bytes()).hexdigest() != row.sha256]
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert wrong == []
    assert present - {row.file for row in rows} == {"VERSIONS.md"}
