import pytest

from kontor.documents import codes


def test_gtin_needs_its_check_digit() -> None:
    assert codes.gtin13("4006381333931") == "4006381333931"
    assert codes.gtin13("036000291452") == "0036000291452"
    assert codes.gtin13("4006381333932") is None
    assert codes.gtin13("１２３４５６７８９０１２３") is None


def test_ean_has_95_modules() -> None:
    assert 'viewBox="0 0 95 40"' in codes.bars("4006381333931")


@pytest.mark.parametrize("text", ["", "Ärmel", "x" * 49])
def test_text_beyond_code_128_has_no_bars(text: str) -> None:
    assert codes.bars(text) == ""


def test_transfer_code_is_cut_to_the_standard() -> None:
    long = codes.transfer_qr(name="N" * 90, iban="DE89 3704", bic="", amount=5, reference="R" * 200)
    cut = codes.transfer_qr(name="N" * 70, iban="DE893704", bic="", amount=5, reference="R" * 140)
    assert long == cut
