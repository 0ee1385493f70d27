"""Files for the bank are valid by ISO 20022's own schema, which the package sepaxml carries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

from kontor.banking.pain import Order, Transfer, written

IBAN, THEIRS = "DE89370400440532013000", "DE02120300000000202051"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    spec = find_spec("sepaxml")
    assert spec is not None
    assert spec.origin is not None
    return etree.XMLSchema(etree.parse(Path(spec.origin).parent / "schemas" / "pain.001.001.09.xsd"))


def order(*transfers: Transfer, bic: str = "", holder: str = "Muster & Söhne GmbH") -> Order:
    created = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
    return Order("DE-P00001", created, date(2026, 6, 16), holder, IBAN, bic, transfers)


@pytest.mark.parametrize(
    "wanted",
    [
        order(Transfer("a" * 32, 1, "Jürgen Groß", THEIRS, "Erstattung Bestellung 100000")),
        order(Transfer("1", 99_999_999_999, "名前", THEIRS, "x" * 300), bic="COBADEFFXXX"),
        order(*(Transfer(f"T{place}", place, f"Name {place}", THEIRS, "!§$%<>&") for place in range(1, 200))),
        order(Transfer("1", 500, "Ø" * 140, THEIRS, "-"), holder="Ł" * 200),
    ],
    ids=["one", "edges", "many", "long"],
)
def test_file_of_transfers_is_valid(schema: etree.XMLSchema, wanted: Order) -> None:
    assert schema.validate(etree.fromstring(written(wanted))), schema.error_log


def test_schema_finds_what_is_wrong(schema: etree.XMLSchema) -> None:
    told = written(order(Transfer("1", 500, "Greta Fock", THEIRS, "-")))
    for right, wrong in ((b"5.00", b"5.001234"), (b"DE02120300000000202051", b"none"), (b"<ChrgBr>SLEV", b"<ChrgBr>X")):
        assert right in told
        assert not schema.validate(etree.fromstring(told.replace(right, wrong)))
