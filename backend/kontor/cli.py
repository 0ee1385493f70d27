"""The command `kontor`: every command is one call."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from typing import Annotated

import typer
import uvicorn

from kontor import bootstrap
from kontor.core import logging
from kontor.settings import Settings, from_environment

app = typer.Typer(help="Kontor: distributed order management.", no_args_is_help=True, pretty_exceptions_enable=False)
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.")]

# Commands whose modules bring a Typer application of their own, by the name of the command.
FURTHER = {
    "audit": "kontor.audit",
    "bench": "kontor.bench.cli",
    "replay": "kontor.bench.replay",
    "prove": "kontor.bench.prove",
    "user": "kontor.auth.cli",
    "vendor": "kontor.bench.vendor",
}


def main() -> None:
    """Run the command line."""
    for name, module in FURTHER.items():
        if importlib.util.find_spec(module):
            app.add_typer(importlib.import_module(module).app, name=name)
    app()


def _settings() -> Settings:
    settings = from_environment()
    logging.configure(settings.log_level, settings.log_format)
    return settings


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: int = 1, reload: bool = False) -> None:
    """Answer requests; without Redis the background work is done here too."""
    settings = _settings()
    uvicorn.run(
        "kontor.app:create",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        reload=reload,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=1_000_000,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=30,
    )


@app.command()
def run(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Migrate, load the demo company when the database is empty, and serve."""
    settings = _settings()
    bootstrap.migrate(settings.database_url)
    if importlib.util.find_spec("kontor.demo"):
        asyncio.run(importlib.import_module("kontor.demo").load(settings, only_when_empty=True))
    serve(host, port)


@app.command()
def worker() -> None:
    """Do background work handed out over Redis."""
    from kontor import worker as process

    process.serve(_settings())


@app.command()
def relay() -> None:
    """Hand due work to the workers over Redis."""
    from kontor import worker as process

    asyncio.run(process.relay_alone(_settings()))


@app.command()
def migrate() -> None:
    """Bring the database up to date."""
    bootstrap.migrate(_settings().database_url)


@app.command()
def migration(what: Annotated[str, typer.Argument(help="What changes, in a few words.")]) -> None:
    """Draft a migration from the models."""
    from alembic import command

    command.revision(bootstrap.migration_config(_settings().database_url), what, autogenerate=True)


@app.command()
def schema(check: Annotated[bool, typer.Option(help="Only compare; fail when it is out of date.")] = False) -> None:
    """Write schema.graphql."""
    from kontor.api.graphql.schema import schema as made

    path, text = bootstrap.project_root() / "schema.graphql", made().as_str() + "\n"
    if not check:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        typer.echo("schema.graphql is out of date: run `make schema`", err=True)
        raise typer.Exit(1)


def seed() -> None:
    """Load the demo company."""
    asyncio.run(importlib.import_module("kontor.demo").load(_settings()))


if importlib.util.find_spec("kontor.demo"):
    app.command()(seed)
