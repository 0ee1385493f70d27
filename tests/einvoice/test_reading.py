"""The reader that our files are compared by reads the files of others, in both syntaxes, to the same terms."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from documents.samples import invoice as page
from einvoice.contents import VIENNA, credit_note, invoice, line
from einvoice.reading import Terms, read
from kontor.documents import hybrid
from kontor.documents.rendering import Renderer
from kontor.invoicing.cii import cii
from kontor.invoicing.profiles import XRECHNUNG
from kontor.invoicing.ubl import ubl

# What the two files of one case do not share: the specification, codes before notes, and trade names in UBL only.
APART = frozenset(["BT-22", "BT-23", "BT-24", "BT-28"])
WRONG_ON_PURPOSE = "not_validating"


def examples() -> Path | None:
    """The folder of invoices by others, where one is named."""
    folder = Path(os.environ.get("KONTOR_TESTDATA", "")) / "einvoice"
    return folder if os.environ.get("KONTOR_TESTDATA") and folder.is_dir() else None


MADE = {
    "plain": invoice(),
    "discount": invoice(line(5000, quantity=3, discount=1000), line(700, rate="7"), delivery_address=VIENNA),
    "credit note": credit_note(line(11_900, quantity=7), line(-500, sku="")),
}


def pairs() -> Iterator[tuple[str, bytes, bytes]]:
    """Documents in CII and UBL: ours, and those of others where they are at hand."""
    for name, each in MADE.items():
        yield name, cii(each, XRECHNUNG), ubl(each)
    folder = examples()
    for file in sorted((folder / "de-cii").glob("*.xml")) if folder else ():
        other = (folder or file) / "de-ubl" / file.name.replace(".cii.", ".ubl.")
        if not file.name.startswith(WRONG_ON_PURPOSE):
            yield file.name, file.read_bytes(), other.read_bytes()


@pytest.mark.parametrize(("name", "one", "other"), [pytest.param(*pair, id=pair[0]) for pair in pairs()])
def test_both_syntaxes_read_the_same(name: str, one: bytes, other: bytes) -> None:
    first, second = read(one), read(other)
    assert {key: first.get(key) for key in {*first, *second} - APART} == {
        key: second.get(key) for key in {*first, *second} - APART
    }, name
    assert len(first) >= 25
    assert adds_up(first)


def adds_up(terms: Terms) -> bool:
    """Whether the totals follow from what was read: nothing is missed, nothing counted twice."""
    lines = sum(row["BT-131"] for row in terms["BG-25"])
    allowances, charges = (sum(row[name] for row in terms.get(group, ())) for group, name in
                           (("BG-20", "BT-92"), ("BG-21", "BT-99")))  # fmt: skip
    due = terms["BT-112"] - terms.get("BT-113", 0) + terms.get("BT-114", 0)
    return (lines, terms["BT-106"] - allowances + charges, terms["BT-109"] + terms.get("BT-110", 0), due) == (
        terms["BT-106"], terms["BT-109"], terms["BT-112"], terms["BT-115"],
    )  # fmt: skip


def published() -> dict[str, bytes]:
    """The official examples in both syntaxes; documents of ours where they are not at hand."""
    folder = examples()
    if folder is None:
        return {f"{name}.{form.__name__}": form(each) for name, each in MADE.items() for form in (cii, ubl)}
    files = [*(folder / "en16931-ubl").iterdir(), *(folder / "en16931-cii").iterdir()]
    assert len(files) == 34
    return {file.name: file.read_bytes() for file in files}


def test_examples_read_to_totals_that_add_up() -> None:
    files = published()
    assert len(files) >= 6
    assert [name for name, data in files.items() if not adds_up(read(data))] == []


def pages() -> list[bytes]:
    """Pages with data inside by others; one of ours where they are not at hand."""
    folder = examples()
    if folder is None:
        inside = [hybrid.attachment(cii(each), "R-1") for each in MADE.values()]
        return [Renderer().render(page(), attachments=[each]) for each in inside]
    return [file.read_bytes() for file in sorted((folder / "de-hybrid-pdf").glob("*.pdf"))]


def test_data_inside_pages_are_read() -> None:
    kinds = []
    for pdf in pages():
        [inside] = PdfReader(io.BytesIO(pdf)).attachments["factur-x.xml"]
        assert adds_up(read(inside))
        kinds.append(read(inside)["BT-3"])
    assert len(kinds) >= 3
    assert set(kinds) <= {"380", "381", "384", "389"}
