"""Start the product's own processes on this machine, with the commands and environment a deployment uses."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from kontor.bench.services import free_port

READY_SECONDS = 180.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Stack:
    """Web, relay, worker and gateway simulator over a database; embedded when there is no Redis.

    A process is known by its name (`web`, `relay`, `worker-0`, `gateway`) and can be killed and started again.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str,
        redis_url: str = "",
        workers: int = 1,
        web_processes: int = 1,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.port, self.gateway_port = free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.ledger = folder / "gateway.db"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KONTOR_")},
            "KONTOR_DATABASE_URL": database_url,
            "KONTOR_REDIS_URL": redis_url,
            "KONTOR_SECRET_KEY": "bench-" + "k" * 40,
            "KONTOR_BASE_URL": self.base_url,
            "KONTOR_STORAGE_URL": f"file:{folder / 'documents'}",
            "KONTOR_MAILBOX_DIR": str(folder / "mailbox"),
            "KONTOR_GATEWAY_URL": f"http://127.0.0.1:{self.gateway_port}",
            "KONTOR_GATEWAY_LEDGER": str(self.ledger),
            "KONTOR_LOG_FORMAT": "json",
            "KONTOR_LOG_LEVEL": "WARNING",
            **(environment or {}),
        }
        web = [*_kontor("serve"), "--port", str(self.port), "--workers", str(web_processes)]
        self.commands: dict[str, list[str]] = {
            "gateway": [
                sys.executable, "-m", "kontor.adapters.payments.simulator",
                "--port", str(self.gateway_port), "--ledger", str(self.ledger),
            ],
            "web": web,
        }  # fmt: skip
        if redis_url:
            self.commands["relay"] = _kontor("relay")
            for number in range(workers):
                self.commands[f"worker-{number}"] = _kontor("worker")
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._spent = 0.0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(_kontor("migrate"), env=self.environment, check=True)
            for name in self.commands:
                self.start(name)
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str) -> None:
        """Start a process by name; its log goes to a file of that name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self.commands[name], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """End a process and its children at once, as a crash would."""
        process = self._running.pop(name)
        self._spent += cpu_seconds(process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Ask every process to finish, and end those that do not."""
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(35)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def wait_ready(self) -> None:
        """Wait for the web process to answer; raises `TimeoutError` with the end of its log."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self._running["web"].poll() is not None:
                break
            with (
                contextlib.suppress(OSError, urllib.error.URLError),
                urllib.request.urlopen(f"{self.base_url}/health/live", timeout=2) as answer,
            ):
                if answer.status == 200:
                    return
            time.sleep(0.1)
        log = (self.folder / "web.log").read_text(errors="replace")
        raise TimeoutError(f"The web process does not answer:\n{log[-3000:]}")

    def cpu(self, *, without: frozenset[str] = frozenset({"gateway"})) -> float:
        """CPU seconds of the product's processes so far, children included."""
        alive = sum(cpu_seconds(process.pid) for name, process in self._running.items() if name not in without)
        return alive + self._spent


def _kontor(*words: str) -> list[str]:
    return [sys.executable, "-m", "kontor", *words]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its living children and those it has waited for."""
    total = 0.0
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(fields[index]) for index in (11, 12, 13, 14)) / _TICKS
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += cpu_seconds(int(child))
    return total
