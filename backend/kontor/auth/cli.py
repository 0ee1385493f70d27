"""The command `kontor user`: the first administrator, who adds everybody else."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from kontor.auth import service
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.settings import from_environment

app = typer.Typer(help="People who may sign in.", no_args_is_help=True)


@app.callback()
def user() -> None:
    """Keeps the command's name: a single command would stand for the whole."""


@app.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Option(help="The address they sign in with.")],
    name: Annotated[str, typer.Option(help="Their full name.")] = "Administrator",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of the input.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Also when there is an administrator already.")] = False,
) -> None:
    """Add an administrator; exit 1 when the password is weak, the address taken or an administrator there."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        asyncio.run(_create(from_environment().database_url, email, name, password=password, force=force))
    except KontorError as problem:
        typer.echo(problem.message, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{email} can sign in.")


async def _create(url: str, email: str, name: str, *, password: str, force: bool) -> None:
    database = Database(url)
    try:
        async with database.unit_of_work() as db:
            await service.create_first_admin(db, email=email, name=name, password=password, now=wall(), force=force)
    finally:
        await database.close()
