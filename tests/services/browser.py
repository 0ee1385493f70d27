"""Where the browser for page tests comes from: installed, else Debian's package by root, else Playwright's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class BrowserError(RuntimeError):
    """No browser is installed and none could be installed; the message says what was tried."""


def find_browser() -> Path | None:
    """An installed Chromium, the system's before Playwright's; None when there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    home = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright"
    downloaded = sorted(Path(home).glob("chromium-*/chrome-linux*/chrome"))
    return downloaded[-1] if downloaded else None


def ensure_browser() -> Path:
    """An installed Chromium, installing one first when need be; raises BrowserError when no way works."""
    if found := find_browser():
        return found
    attempts = []
    for command in _installers():
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if not result.returncode and (found := find_browser()):
            return found
        attempts.append(f"{' '.join(command)}: {(result.stderr or result.stdout).strip()[-500:]}")
    raise BrowserError("no browser:\n" + "\n".join(attempts))


def _installers() -> list[list[str]]:
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if os.geteuid() or not shutil.which("apt-get"):
        return [playwright]
    # The package lists of a fresh machine may be empty or old, so they are read anew before the second try.
    debian = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
    return [debian, ["sh", "-c", f"apt-get update && {' '.join(debian)}"], playwright]
