"""The command `kontor ledger`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, TypeVar

import typer

from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.settings import from_environment

app = typer.Typer(help="The books: rebuild the journal, export it.", no_args_is_help=True)
T = TypeVar("T")


@app.command()
def rebuild(
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit 1 when something differs.")] = False,
) -> None:
    """Compute the journal anew from the log of events and compare; without --check, post what is missing first."""
    written, found = asyncio.run(_rebuild(write=not check))
    if written:
        typer.echo(f"{written} entries were missing and have been posted")
    for text in found:
        typer.echo(text)
    if found:
        typer.echo(f"{len(found)} differences", err=True)
        raise typer.Exit(1)
    typer.echo("The journal is what its events say.")


@app.command()
def export(
    legal_entity: Annotated[str, typer.Argument(help="The code of the legal entity.")],
    until: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The last day, as 2026-06-30.")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day; without it whatever has not left.")
    ] = None,
) -> None:
    """Put together what has not left yet; the files are written by the workers and found under `ledgerExports`."""
    try:
        number, entries = asyncio.run(_export(legal_entity, until.date(), since.date() if since else None))
    except KontorError as refused:
        typer.echo(refused.message, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{number}: {entries} entries")


async def _rebuild(*, write: bool) -> tuple[int, list[str]]:
    from kontor.ledger import rebuilding

    async def work(database: Database) -> tuple[int, list[str]]:
        written = 0
        if write:
            async with database.unit_of_work() as db:
                written = await rebuilding.post_missing(db)
        async with database.read_only() as db:
            return written, [text async for text in rebuilding.differences(db)]

    return await _with_database(work)


async def _export(code: str, until: date, since: date | None) -> tuple[str, int]:
    import sqlalchemy as sa

    from kontor.auth import audit
    from kontor.channels.models import LegalEntity
    from kontor.ledger import service
    from kontor.ledger.errors import LegalEntityNotFound

    async def work(database: Database) -> tuple[str, int]:
        async with database.unit_of_work() as db:
            entity = await db.scalar(sa.select(LegalEntity).where(LegalEntity.code == code))
            if entity is None:
                raise LegalEntityNotFound("There is no such legal entity.", code=None, legal_entity=code)
            made = await service.create_export(db, entity, until=until, since=since, now=db.now)
            audit.note(db, "createLedgerExport", [("ledgerExport", made.id)])
            return made.number, made.entries

    return await _with_database(work)


async def _with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    database = Database(from_environment().database_url)
    try:
        return await work(database)
    finally:
        await database.close()
