"""One slip away, and how a term is read."""

import pytest

from kontor.care import masking
from kontor.care.asking import read
from kontor.care.errors import InvalidSearch
from kontor.care.typos import near
from kontor.core.errors import KontorError
from kontor.customers.terms import folded, phone_key, words_of


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1000321", "1000231"),  # neighbors that changed places
        ("100231", "1000231"),  # a missing digit
        ("10002231", "1000231"),  # a surplus one
        ("1900231", "1000231"),  # a wrong one
        ("MAIN2026-000123", "MAIN-2026-000123"),
        ("schmit", "schmidt"),
        ("meyer", "meier"),
        ("gerta@fock.example", "greta@fock.example"),
    ],
)
def test_one_slip_is_among_what_may_have_been_meant(typed: str, meant: str) -> None:
    assert meant in near(typed)


def test_two_slips_are_not_and_the_list_stays_short() -> None:
    assert "1000231" not in near("1000312")
    assert "1000231" not in near("1000231")
    assert len(near("00340434161094042557")) < 500
    assert near("ab") == ()


def test_names_are_compared_without_marks_and_phones_by_their_end() -> None:
    assert words_of("Zoë Müller-Großkopf & Co") == ["zoe", "mueller", "grosskopf", "co"]
    assert folded("ÅSA Łódź") == folded("aasa łódz")
    assert {phone_key(text) for text in ("+43 (0)660 123 45 67", "0660/1234567", "0043 660 1234567")} == {"601234567"}
    assert phone_key("112") is None


@pytest.mark.parametrize(
    ("term", "numbers", "words", "single"),
    [
        ("1000231", ("1000231",), ("1000231",), ("1000231",)),
        ("#1000231", ("1000231",), ("1000231",), ("#1000231",)),
        ("+43 660 1234567", (), (), ("601234567",)),
        ("ma2026000123", ("ma2026000123", "MA2026000123", "MA-2026-000123"), ("ma2026000123",), ()),
        ("Greta  Fock", (), ("greta", "fock"), ("gretafock",)),
        ("fock 20459", ("fock 20459", "FOCK 20459", "fock20459", "FOCK20459"), ("fock", "20459"), ("fock20459",)),
        ("Greta@Fock.example", (), (), ("greta@fock.example",)),
    ],
)  # fmt: skip
def test_a_term_is_read_as_everything_it_can_be(
    term: str, numbers: tuple[str, ...], words: tuple[str, ...], single: tuple[str, ...]
) -> None:
    asked = read(term)
    assert (asked.numbers, asked.words, asked.single) == (numbers, words, single)


@pytest.mark.parametrize("term", ["", " ", "a", "%%%%", "***", "_ _ _", "x" * 101])
def test_a_term_without_anything_to_look_for_is_refused(term: str) -> None:
    with pytest.raises(InvalidSearch) as refused:
        read(term)
    assert isinstance(refused.value, KontorError)
    assert refused.value.path == ("term",)


def test_what_is_masked_tells_nobody_who_it_is() -> None:
    assert (masking.name("Greta Fock"), masking.email("greta@fock.example")) == ("G. F.", "g…@fock.example")
    assert masking.email(None) is None
