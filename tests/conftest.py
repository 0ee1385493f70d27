"""What every test can ask for: a database of either kind, the runtime over it, the clock, principals and a client.

A database holds the schema and nothing else when a test gets it. Nothing speaks to anybody beyond this machine.
"""

from __future__ import annotations

import asyncio
import inspect
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import LRUCache
from starlette.applications import Starlette

from kontor import bootstrap, relay
from kontor.auth import secrets
from kontor.bench.services import PostgresServer
from kontor.core import db, logging
from kontor.core.db import Database, Model
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.ports import Ports
from kontor.core.principal import ANONYMOUS, Principal
from kontor.settings import Settings
from support import PRINCIPAL_HEADER, Client, Drain, Principals, Run, StandingClock

# --- running asynchronous tests -------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def runner() -> Iterator[asyncio.Runner]:
    """One event loop per test; made when it is first needed."""
    with asyncio.Runner() as loop_runner:
        yield loop_runner


@pytest.fixture
def run(runner: asyncio.Runner) -> Run:
    """Run a coroutine on the test's loop."""
    return runner.run


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Tests may be coroutine functions."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: value for name, value in pyfuncitem.funcargs.items() if name in names}
    loop_runner: Any = pyfuncitem.funcargs["runner"]
    loop_runner.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """Refuse to speak to anybody but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise RuntimeError(f"A test tried to reach {address!r}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> None:
    """Most tests ask who may sign in, not how hard a hash is to guess."""
    secrets._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(autouse=True, scope="session")
def _statements_are_compiled_once() -> Iterator[None]:
    """Each test has engines of its own; what SQLAlchemy compiled for one of them serves all others of its kind."""
    compiled: dict[type[Dialect], LRUCache[Any, Any]] = {}
    make = db._engine

    def make_sharing(url: str, pool_size: int) -> AsyncEngine:
        made = make(url, pool_size).sync_engine
        kind = type(made.dialect)
        setattr(kind, "__hash__", lambda dialect: hash(type(dialect)))  # noqa: B010 - a method of somebody else
        setattr(kind, "__eq__", lambda dialect, other: type(dialect) is type(other))  # noqa: B010
        made._compiled_cache = compiled.setdefault(kind, LRUCache(5_000))
        return AsyncEngine(made)

    db._engine = make_sharing
    yield
    db._engine = make


# --- databases ------------------------------------------------------------------------------------------------------


def prepare_schema(url: str) -> None:
    """Bring an empty database to the schema of an installation, by the migrations."""
    bootstrap.load_models()
    bootstrap.migrate(url)


@pytest.fixture(scope="session")
def memory_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: files in it need no disk to be durable."""
    folder = tmp_path_factory.mktemp("databases")
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK):
        folder = Path(tempfile.mkdtemp(prefix="kontor-", dir=memory))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(memory_folder: Path) -> Path:
    """A SQLite file with the schema."""
    path = memory_folder / "template.db"
    prepare_schema(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test session."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> str:
    """A PostgreSQL database with the schema; its rows are deleted before each test."""
    url = postgres.create_database("kontor_test")
    prepare_schema(url)
    return url


@pytest.fixture(scope="session")
def emptied(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Delete every row of the PostgreSQL database, over one connection and of the tables that have any: far quicker
    than truncating many small tables or copying the database."""
    names = list(Model.metadata.tables)
    question = "SELECT " + ", ".join(f'EXISTS (SELECT 1 FROM "{name}")' for name in names)

    async def empty(connection: asyncpg.Connection) -> None:
        found = await connection.fetchrow(question)
        deletions = "".join(f'DELETE FROM "{name}";' for name, filled in zip(names, found, strict=True) if filled)
        await connection.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletions} COMMIT;")

    address = postgres_url.replace("+asyncpg", "")
    with asyncio.Runner() as loop_runner:
        open_ = [loop_runner.run(asyncpg.connect(address))]

        def emptied_url() -> str:
            if open_[0].is_closed():
                open_[0] = loop_runner.run(asyncpg.connect(address))
            loop_runner.run(empty(open_[0]))
            return postgres_url

        yield emptied_url
        loop_runner.run(open_[0].close())


@pytest.fixture
def sqlite_url(memory_folder: Path, sqlite_template: Path) -> Iterator[str]:
    """A SQLite database with the schema, of this test alone."""
    path = memory_folder / f"{new_id()}.db"
    shutil.copyfile(sqlite_template, path)
    yield f"sqlite+aiosqlite:///{path}"
    for file in memory_folder.glob(f"{path.name}*"):
        file.unlink()


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database with the schema, on each engine in turn."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    url: str = request.getfixturevalue("emptied")()
    return url


@pytest.fixture
def clock() -> StandingClock:
    """The business clock: Monday, 15 June 2026, 10:00 UTC."""
    return StandingClock()


@pytest.fixture
def database(database_url: str, clock: StandingClock, runner: asyncio.Runner) -> Iterator[Database]:
    """An empty database with the schema, on each engine in turn."""
    opened = Database(database_url, clock=clock)
    yield opened
    runner.run(opened.close())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test runs on both engines, unless it is marked `engine("sqlite")` or `engine("postgresql")`."""
    if "database_url" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("engine")
        metafunc.parametrize("database_url", mark.args if mark else ("sqlite", "postgresql"), indirect=True)


def pytest_configure(config: pytest.Config) -> None:
    logging.configure("INFO", "json")
    config.addinivalue_line("markers", "engine(name): run on this database engine only")


# --- the runtime ----------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of an installation that lives in the test's own folder."""
    return Settings(
        database_url=database_url,
        storage_url=f"file:{tmp_path / 'documents'}",
        mailbox_dir=str(tmp_path / "mailbox"),
        gateway_ledger=str(tmp_path / "gateway.db"),
        secret_key="0123456789abcdef0123456789abcdef",
        metrics_public=True,
        reoptimize_minutes=0,
        environment="test",
    )


@pytest.fixture
def ports(settings: Settings) -> Ports:
    """The adapters of the default run; register a fake over any of them."""
    bound = Ports()
    bootstrap.bind_adapters(bound, settings)
    return bound


@pytest.fixture
def runtime(database: Database, ports: Ports, settings: Settings, runner: asyncio.Runner) -> Iterator[Runtime]:
    """What the edges work with."""
    built = Runtime(database, ports, settings)
    yield built
    runner.run(bootstrap.close(built))


@pytest.fixture
def drain(runtime: Runtime) -> Drain:
    """Put the reactions to events in force, and run everything that is due; see `relay.drain`."""
    bootstrap.load()

    async def drained(**options: Any) -> list[relay.Failure]:
        return await relay.drain(runtime, **options)

    return drained


# --- principals and the client --------------------------------------------------------------------------------------


@pytest.fixture
def principals() -> Principals:
    """Who may act."""
    return Principals()


@pytest.fixture
def known_principals() -> dict[str, Principal]:
    """Principals by the name a test's request carries."""
    return {}


@pytest.fixture
def app(runtime: Runtime, known_principals: dict[str, Principal]) -> Starlette:
    """The ASGI application over the runtime; a request acts as the principal its header names."""
    from kontor.app import create_app

    async def authenticate(headers: Mapping[str, str], _runtime: Runtime) -> Principal:
        return known_principals.get(headers.get(PRINCIPAL_HEADER, ""), ANONYMOUS)

    return create_app(runtime.settings, runtime=runtime, authenticate=authenticate)


@pytest.fixture
def client(app: Starlette, known_principals: dict[str, Principal], runner: asyncio.Runner) -> Iterator[Client]:
    """A client that calls the application without a network."""
    transport = httpx.ASGITransport(app=app)
    http = httpx.AsyncClient(transport=transport, base_url="http://testserver")
    yield Client(http, known_principals)
    runner.run(http.aclose())
