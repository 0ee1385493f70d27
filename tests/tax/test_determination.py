"""Where a supply is taxed."""

import pytest

from kontor.tax.determination import PlaceOfSupply, TaxTreatment, country_of_vat_id, place_of_supply

DOMESTIC, CROSS = TaxTreatment.DOMESTIC, TaxTreatment.CROSS_BORDER
REVERSE, EXPORT = TaxTreatment.REVERSE_CHARGE, TaxTreatment.EXPORT


@pytest.mark.parametrize(
    ("given", "country", "treatment"),
    [
        ({"delivery_country": "DE"}, "DE", DOMESTIC),
        ({"delivery_country": "AT"}, "AT", CROSS),
        ({"delivery_country": "AT", "vat_id": "ATU13585627"}, "AT", REVERSE),
        ({"delivery_country": "AT", "vat_id": "ATU13585628"}, "AT", CROSS),
        ({"delivery_country": "AT", "vat_id": "DE136695976"}, "AT", CROSS),
        ({"delivery_country": "DE", "vat_id": "ATU13585627"}, "DE", DOMESTIC),
        ({"delivery_country": "AT", "store_country": "DE"}, "DE", DOMESTIC),
        ({"delivery_country": "DE", "store_country": "AT", "vat_id": "ATU13585627"}, "AT", CROSS),
        ({"delivery_country": "CH"}, "CH", EXPORT),
        ({"delivery_country": "CH", "registered": {"CH"}}, "CH", CROSS),
        ({"delivery_country": "DE", "postal_code": "27498"}, "DE", EXPORT),
        ({"delivery_country": "ES", "postal_code": "38 001"}, "ES", EXPORT),
        ({"delivery_country": "FR", "postal_code": "98000"}, "FR", CROSS),
    ],
)
def test_german_seller(given: dict[str, str], country: str, treatment: TaxTreatment) -> None:
    found = place_of_supply(seller_country="DE", **given)
    assert found == PlaceOfSupply(country, treatment)
    assert found.taxed is (treatment in (DOMESTIC, CROSS))


def test_greek_vat_ids_begin_with_el() -> None:
    assert country_of_vat_id("EL094259216") == "GR"
