"""Runs one throw-away server as a child and sees to it that nothing outlives the process that asked for it.

Started as a script by `services.py`, it takes one command a line on its standard input and answers each with one
line: `start` (the server's process id), `kill` (`killed`) and `status` (`running` or `exited`). When its input closes
or its parent is gone, it ends the server and removes the server's folder. It imports the standard library only and
runs in a session of its own, so that a signal to the caller's process group cannot hit it first.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, TypedDict

PR_SET_PDEATHSIG = 1
PARENT_CHECK_SECONDS = 1.0
STOP_SECONDS = 10.0


class Spec(TypedDict):
    """What to run; `uid` and `gid` are set when the server must not run as the calling user."""

    command: list[str]
    folder: str
    uid: int | None
    gid: int | None
    stop_signal: int


class Supervisor:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.server: subprocess.Popen[bytes] | None = None

    def answer(self, command: str) -> str:
        match command:
            case "start":
                return self.start()
            case "kill":
                return self.kill()
            case "status":
                return "running" if self.server is not None and self.server.poll() is None else "exited"
        return "unknown command"

    def start(self) -> str:
        folder = Path(self.spec["folder"])
        with (folder / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                self.spec["command"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=self._die_with_parent,
                **run_as(self.spec["uid"], self.spec["gid"]),
            )
        return str(self.server.pid)

    def kill(self) -> str:
        if self.server is not None:
            self.server.kill()
            self.server.wait()
        return "killed"

    def end(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(self.spec["stop_signal"])
            try:
                self.server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.spec["folder"], ignore_errors=True)

    def _die_with_parent(self) -> None:
        # Runs after the change of user, which would clear the setting, and survives exec. It covers the one case
        # the loop below cannot: this supervisor itself being killed.
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, self.spec["stop_signal"])


def run_as(uid: int | None, gid: int | None) -> dict[str, Any]:
    """Arguments for `subprocess` that drop every privilege of the caller; empty when the user stays the same."""
    return {} if uid is None else {"user": uid, "group": gid, "extra_groups": []}


def commands(parent: int) -> list[str] | None:
    """The next command lines, an empty list when none came in time, None when nobody will send any more."""
    ready, _, _ = select.select([0], [], [], PARENT_CHECK_SECONDS)
    # A forked sibling may hold the pipe open after the parent died, so its end alone is not enough to go by.
    if os.getppid() != parent:
        return None
    if not ready:
        return []
    received = os.read(0, 4096)
    return received.decode().split() if received else None


def main(spec: Spec, parent: int) -> None:
    supervisor = Supervisor(spec)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while (lines := commands(parent)) is not None:
            for line in lines:
                os.write(1, f"{supervisor.answer(line)}\n".encode())
    except BrokenPipeError:
        pass  # the parent died between its command and our answer: end like any other loss of the parent
    finally:
        with contextlib.suppress(ProcessLookupError):
            supervisor.end()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), int(sys.argv[2]))
