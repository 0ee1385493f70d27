"""A real Chromium: the one that is there, else Debian's by apt, else Playwright's own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing is asked of anybody but the page's own server.
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@cache
def chromium() -> str | None:
    """Where the browser is; None for Playwright's own. Installed where there is none."""
    with (Path(tempfile.gettempdir()) / "kontor-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes test at once, one of them installs
        found = _found()
        if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
                subprocess.run(["apt-get", *command], check=False, env=environment, stdout=subprocess.DEVNULL)
            found = _found()
        if found is None:
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    return found


def _found() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)
