"""Electronic invoices: pages with their data inside against the bare pages, and what the data alone cost.

The documents are those of random orders, made by the services. Each way of drawing runs in a process of its own, so
that what the typesetter remembers of one does not speed up the other.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from kontor import bootstrap
from kontor.bench.invoice_play import play
from kontor.bench.invoice_world import build, random_order
from kontor.bench.report import Figure, Section
from kontor.core.db import Database
from kontor.documents import hybrid
from kontor.documents.rendering import Renderer
from kontor.invoicing.electronic import InvoiceForm, written
from kontor.invoicing.models import CreditNote, Invoice
from kontor.invoicing.papers import Paper, papers_of

BATCH = 20
WARM = 5


def measure(*, count: int = 300, seed: int = 1, out: Path | None = None) -> Section:
    """`count` documents of the orders of `seed`; with `out` every page and form is written there."""
    bootstrap.load()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/kontor.db"
        bootstrap.migrate(url)
        papers = asyncio.run(_papers(url, count, seed))
    if out is not None:
        _write_all(papers, out)
    bare, inside = _apart(papers, data=False), _apart(papers, data=True)
    notes = sum(paper.kind == "CREDIT_NOTE" for paper in papers)
    lines = sum(len(paper.content["lines"]) for paper in papers)
    mixture = f"{len(papers) - notes} invoices, {notes} credit notes, {lines / len(papers):.1f} lines each"
    return Section(
        "invoices",
        [
            Figure("bare PDF/A-3, a second and core", f"{1 / bare:.1f}", note=mixture),
            Figure("with the data inside, a second and core", f"{1 / inside:.1f}", ratio=inside / bare),
            *(Figure(f"{form} alone: CPU", f"{_of_form(papers, form) * 1000:.2f} ms") for form in InvoiceForm),
        ],
    )


async def _papers(url: str, count: int, seed: int) -> list[Paper]:
    """Invoices and credit notes of as many orders as it takes."""
    database, chance = Database(url), random.Random(seed)
    try:
        company, number, made = await build(database), 0, 0
        while made < count:
            wanted = [random_order(company, chance, number + step) for step in range(BATCH)]
            await play(database, company, wanted, chance)
            number += BATCH
            async with database.read_only() as db:
                made = sum([await db.scalar(sa.select(sa.func.count(row.id))) or 0 for row in (Invoice, CreditNote)])
        async with database.read_only() as db:
            invoices = list(await db.scalars(sa.select(Invoice.id).order_by(Invoice.number)))
            notes = list(await db.scalars(sa.select(CreditNote.id).order_by(CreditNote.number)))
            papers = await papers_of(db, invoices, notes)
    finally:
        await database.close()
    return random.Random(seed).sample(papers, count)


def _write_all(papers: Sequence[Paper], folder: Path) -> None:
    """Page and forms of every document; the page has the form CII inside."""
    folder.mkdir(parents=True, exist_ok=True)
    renderer = Renderer()
    for paper in papers:
        for form in InvoiceForm:
            file = written(paper, form)
            (folder / file.name).write_bytes(file.data)
        (folder / f"{paper.page.number}.pdf").write_bytes(_drawn(renderer, paper, data=True))


def _drawn(renderer: Renderer, paper: Paper, *, data: bool) -> bytes:
    if not data:
        return renderer.render(paper.page)
    inside = hybrid.attachment(written(paper, InvoiceForm.CII).data, paper.page.number)
    return renderer.render(paper.page, attachments=[inside])


def _apart(papers: Sequence[Paper], *, data: bool) -> float:
    """CPU seconds for a page, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_seconds, list(papers), data).result()


def _seconds(papers: Sequence[Paper], data: bool) -> float:
    renderer = Renderer()
    for paper in papers[:WARM]:
        _drawn(renderer, paper, data=data)
    begun = time.process_time()
    for paper in papers[WARM:]:
        _drawn(renderer, paper, data=data)
    return (time.process_time() - begun) / max(1, len(papers) - WARM)


def _of_form(papers: Sequence[Paper], form: InvoiceForm) -> float:
    """CPU seconds for the data of a document in a form."""
    begun = time.process_time()
    for paper in papers:
        written(paper, form)
    return (time.process_time() - begun) / len(papers)
