"""Codes by time: one step of drift, each once."""

from datetime import UTC, datetime, timedelta

import pyotp

from kontor.auth.second_factor import STEP, fitting_step, new_recovery_codes

SECRET = pyotp.random_base32()
NOW = datetime(2026, 11, 23, 10, 0, 15, tzinfo=UTC)
PRESENT = int(NOW.timestamp()) // STEP


def code(steps: int) -> str:
    return pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=STEP * steps))


def test_codes_of_neighboring_steps_fit_and_others_do_not() -> None:
    found = [fitting_step(SECRET, code(each), now=NOW, after=0) for each in (-2, -1, 0, 1, 2)]
    assert found == [None, PRESENT - 1, PRESENT, PRESENT + 1, None]


def test_a_code_that_was_used_fits_no_more() -> None:
    assert fitting_step(SECRET, code(0), now=NOW, after=PRESENT) is None
    assert fitting_step(SECRET, code(1), now=NOW, after=PRESENT) == PRESENT + 1


def test_what_is_no_code_does_not_fit() -> None:
    spaced = f"{code(0)[:3]} {code(0)[3:]}"
    assert fitting_step(SECRET, spaced, now=NOW, after=0) == PRESENT
    for given in ("", "12345", "abcdef", "１２３４５６", code(0) + "0"):
        assert fitting_step(SECRET, given, now=NOW, after=0) is None


def test_recovery_codes_differ_and_can_be_read_aloud() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(len(each) == 11 and not set(each) & set("il10o") for each in codes)
