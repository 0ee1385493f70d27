"""The command `kontor`: every command is one call."""

from __future__ import annotations

import asyncio
import importlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
import uvicorn

from kontor import bootstrap
from kontor.core import logging
from kontor.core.errors import KontorError
from kontor.settings import Settings, from_environment

if TYPE_CHECKING:
    from kontor.demo import Loading
    from kontor.imports.service import ImportSummary

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.")]

# Commands whose modules bring a Typer application of their own, by the name of the command.
FURTHER = {
    "audit": "kontor.audit",
    "bench": "kontor.bench.cli",
    "ledger": "kontor.ledger.cli",
    "replay": "kontor.bench.replay",
    "prove": "kontor.bench.prove",
    "route": "kontor.routing.cli",
    "serve-routing": "kontor.routing.season_cli",
    "simulate": "kontor.routing.simulate_cli",
    "user": "kontor.auth.cli",
    "vendor": "kontor.bench.vendor",
}

# What people open first: title, path, and the folder of the frontend it comes from.
PAGES = (
    ("Customer care", "care/", "care"),
    ("Partner portal", "portal/", "portal"),
    ("Administration", "admin/", "admin"),
    ("API explorer", "graphql", "explorer"),
    ("Messages sent", "mailbox", ""),
    ("Documents", "documents", ""),
)


@app.callback()
def prepare(context: typer.Context) -> None:
    """Kontor: distributed order management."""
    if context.invoked_subcommand in (
        "ledger",
        "simulate",
        "user",
    ):  # lower packages, which cannot load the others themselves
        bootstrap.load_models()


def main() -> None:
    """Run the command line."""
    for name, module in FURTHER.items():
        app.add_typer(importlib.import_module(module).app, name=name)
    # Asked to end, a command ends what it has started too; servers put a handler of their own in its place.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    app()


def _settings() -> Settings:
    settings = from_environment()
    logging.configure(settings.log_level, settings.log_format)
    return settings


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: int = 1, reload: bool = False) -> None:
    """Answer requests; without Redis the background work is done here too."""
    settings = _settings()
    # Uvicorn sends itself the signal again when it has finished everything: such an end is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
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
def run(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    reload: Annotated[bool, typer.Option(help="Start again on every change of the code.")] = False,
) -> None:
    """Migrate, load the demo company when the database is empty, and serve."""
    loading = _load_demo()
    typer.echo("\n".join([*welcome(f"http://{host}:{port}"), *sign_ins(loading.company), ""]))
    serve(host, port, reload=reload)


@app.command()
def seed(
    new_passwords: Annotated[bool, typer.Option(help="Give the people of a loaded company new passwords.")] = False,
) -> None:
    """Migrate and load the demo company, or complete it; exit 1 when the database holds other data."""
    loading = _load_demo(new_passwords=new_passwords)
    typer.echo("\n".join([loading.outcome.value, *sign_ins(loading.company), ""]), err=loading.company is None)
    if loading.company is None:
        raise typer.Exit(1)


def _load_demo(*, new_passwords: bool = False) -> Loading:
    from kontor import demo

    return asyncio.run(demo.load(_settings(), typer.echo, new_passwords=new_passwords))


def welcome(address: str) -> list[str]:
    """Where to go."""
    frontend = bootstrap.project_root() / "frontend"
    pages = [(title, path) for title, path, needs in PAGES if not needs or (frontend / needs).is_dir()]
    return ["", "Kontor is starting. Open:", *(f"  {title:<16} {address}/{path}" for title, path in pages)]


def sign_ins(company: UUID | None) -> list[str]:
    """Whom to sign in as; nothing where there is no demo company."""
    from kontor.demo import people

    if company is None:
        return []
    known = people.known(company)
    if not known:
        return ["", f"The passwords of the demo people are not in {people.SIGN_INS}: `kontor seed --new-passwords`."]
    width = max(map(len, known))
    told = [f"  {email:<{width}}  {password}" for email, password in known.items()]
    return ["", f"Sign in as one of the demo people (kept in {people.SIGN_INS}):", *told]


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


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="What the rows are, such as products; see docs/imports.md.")],
    file: Annotated[Path, typer.Argument(help="CSV, or an XLSX workbook.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and change nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write what became of each row to this CSV file.")] = None,
) -> None:
    """Import a file; exit 1 when rows were refused, 2 when it could not be read."""
    from kontor.imports import commands

    summary, problem = None, None
    try:
        summary = asyncio.run(_import(_settings(), kind, file, dry_run=dry_run, report=report))
        typer.echo("\n".join(commands.describe(summary)))
    except KontorError as refused:
        problem = refused
        typer.echo(refused.message, err=True)
    raise typer.Exit(commands.exit_code(problem, summary))


async def _import(settings: Settings, kind: str, file: Path, *, dry_run: bool, report: Path | None) -> ImportSummary:
    from kontor.auth import audit
    from kontor.imports import commands

    runtime = bootstrap.build(settings)
    try:
        return await commands.import_file(runtime.database, kind, file, note=audit.note, dry_run=dry_run, report=report)
    finally:
        await bootstrap.close(runtime)
