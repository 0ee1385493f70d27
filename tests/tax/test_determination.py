"""Where a supply is taxed."""

from datetime import date
from typing import Any

import pytest

from kontor.tax.determination import PlaceOfSupply, TaxTreatment, country_of_vat_id, place_of_supply
from kontor.tax.shipped import shipped_rules
from kontor.tax.territories import Territory, normalized, territory_of

DOMESTIC, CROSS = TaxTreatment.DOMESTIC, TaxTreatment.CROSS_BORDER
REVERSE, EXPORT = TaxTreatment.REVERSE_CHARGE, TaxTreatment.EXPORT
DAY = date(2026, 6, 15)
AUSTRIAN, GERMAN, NORTHERN_IRISH = "ATU13585627", "DE136695976", "XI110305878"


def at(place: str, on: date = DAY) -> Territory:
    """The territory of `ES 35001`, or of `PT /PT-20` by its region alone."""
    country, _, code = place.partition(" ")
    postal_code, _, region = code.partition("/")
    return territory_of(country, postal_code or None, region or None, shipped_rules(), on)


def supply(seller: str, arrival: str, **more: Any) -> PlaceOfSupply:
    return place_of_supply(seller=at(seller), arrival=at(arrival), **more)


@pytest.mark.parametrize(
    ("arrival", "more", "country", "treatment"),
    [
        ("DE 20095", {}, "DE", DOMESTIC),
        ("AT 1010", {}, "AT", CROSS),
        ("AT 1010", {"vat_id": AUSTRIAN}, "AT", REVERSE),
        ("AT 1010", {"vat_id": "ATU13585628"}, "AT", CROSS),
        ("AT 1010", {"vat_id": GERMAN}, "AT", CROSS),
        ("DE 20095", {"vat_id": AUSTRIAN}, "DE", DOMESTIC),
        ("DE 20095", {"pickup": True}, "DE", DOMESTIC),
        ("AT 1010", {"pickup": True, "vat_id": AUSTRIAN}, "AT", CROSS),
        ("CH 8001", {}, "CH", EXPORT),
        ("CH 8001", {"registered": {("CH", "")}}, "CH", CROSS),
        ("GB SW1A 1AA", {}, "GB", EXPORT),
        ("US 10001", {"vat_id": AUSTRIAN}, "US", EXPORT),
    ],
)
def test_german_seller(arrival: str, more: dict[str, Any], country: str, treatment: TaxTreatment) -> None:
    found = supply("DE 20095", arrival, **more)
    assert (found.country, found.treatment, found.regions) == (country, treatment, ("",))
    assert found.taxed is (treatment in (DOMESTIC, CROSS))


@pytest.mark.parametrize(
    ("arrival", "country", "region", "treatment"),
    [
        ("DE 27498", "DE", "DE-HEL", EXPORT),
        ("DE D-27498", "DE", "DE-HEL", EXPORT),
        ("DE 78266", "CH", "", EXPORT),
        ("ES 35 001", "ES", "ES-CN", EXPORT),
        ("ES 38001", "ES", "ES-CN", EXPORT),
        ("ES 51001", "ES", "ES-CE", EXPORT),
        ("ES 52001", "ES", "ES-ML", EXPORT),
        ("ES 07001", "ES", "", CROSS),  # the Balearic Islands belong to the area
        ("FI 22100", "FI", "FI-01", EXPORT),
        ("AX 22100", "FI", "FI-01", EXPORT),
        ("FI /Åland", "FI", "FI-01", EXPORT),
        ("FR 97110", "FR", "FR-971", EXPORT),
        ("FR 97133", "FR", "FR-977", EXPORT),
        ("FR 97600", "FR", "FR-976", EXPORT),
        ("FR 20000", "FR", "FR-20R", CROSS),
        ("FR 75001", "FR", "", CROSS),
        ("FR 98000", "FR", "", CROSS),
        ("MC 98000", "FR", "", CROSS),
        ("GB BT1 1AA", "GB", "GB-NIR", CROSS),
        ("GB B1 1AA", "GB", "", EXPORT),
        ("XI BT1 1AA", "GB", "GB-NIR", CROSS),
        ("GB JE2 3QA", "GB", "GB-JSY", EXPORT),
        ("IM IM1 1AA", "GB", "", EXPORT),
        ("GR 630 86", "GR", "GR-69", EXPORT),
        ("IT 23041", "IT", "IT-LIV", EXPORT),
        ("IT 22061", "IT", "IT-CAM", EXPORT),
        ("IT 47890", "IT", "SM", EXPORT),
        ("IT 00120", "IT", "VA", EXPORT),
        ("IT 00121", "IT", "", CROSS),
        ("PT 9500-001", "PT", "PT-20", CROSS),
        ("PT 9000-001", "PT", "PT-30", CROSS),
        ("PT /pt-20", "PT", "PT-20", CROSS),
        ("AT 6991", "AT", "", CROSS),  # its 19 % is for businesses that are established there
        ("DE 87568", "AT", "", CROSS),
        ("LI 9490", "CH", "", EXPORT),
    ],
)
def test_regions_of_a_german_seller(arrival: str, country: str, region: str, treatment: TaxTreatment) -> None:
    found = supply("DE 20095", arrival)
    assert (found.country, found.regions[0], found.treatment) == (country, region, treatment)


@pytest.mark.parametrize(
    ("seller", "arrival", "more", "treatment", "regions"),
    [
        # Within Portugal what leaves the mainland bears the rates of the mainland.
        ("PT 1000-001", "PT 9500-001", {}, DOMESTIC, ("",)),
        ("PT 9500-100", "PT 9500-001", {}, DOMESTIC, ("PT-20", "")),
        ("PT 1000-001", "PT 9500-001", {"pickup": True}, DOMESTIC, ("PT-20", "")),
        ("PT 9500-001", "PT 1000-001", {}, DOMESTIC, ("",)),
        # The Greek islands' rates are for what is handed over there.
        ("GR 10431", "GR 81100", {}, DOMESTIC, ("",)),
        ("GR 10431", "GR 81100", {"pickup": True}, DOMESTIC, ("GR-IS", "")),
        ("DE 20095", "GR 81100", {}, CROSS, ("",)),
        ("AT 6992", "AT 6991", {}, DOMESTIC, ("AT-JM", "")),
        ("FR 75001", "FR 20000", {}, DOMESTIC, ("FR-20R", "")),
        ("ES 28001", "ES 35001", {}, EXPORT, ("ES-CN",)),
        ("ES 28001", "ES 35001", {"pickup": True}, EXPORT, ("ES-CN",)),
        ("ES 28001", "ES 35001", {"registered": {("ES", "")}}, EXPORT, ("ES-CN",)),
        ("ES 28001", "ES 35001", {"registered": {("ES", "ES-CN")}}, CROSS, ("ES-CN",)),
        ("ES 35001", "ES 38001", {}, DOMESTIC, ("ES-CN",)),
        ("ES 35001", "ES 28001", {}, EXPORT, ("",)),
        ("ES 35001", "DE 20095", {}, EXPORT, ("",)),
        ("DE 27498", "DE 20095", {}, EXPORT, ("",)),
        # Northern Ireland: at home in the United Kingdom, in the EU's area for goods.
        ("GB SW1A 1AA", "GB BT1 1AA", {}, DOMESTIC, ("GB-NIR", "")),
        ("GB SW1A 1AA", "DE 20095", {"vat_id": GERMAN}, EXPORT, ("",)),
        ("GB BT1 1AA", "DE 20095", {}, CROSS, ("",)),
        ("GB BT1 1AA", "DE 20095", {"vat_id": GERMAN}, REVERSE, ("",)),
        ("DE 20095", "GB BT1 1AA", {"vat_id": NORTHERN_IRISH}, REVERSE, ("GB-NIR", "")),
        ("FR 75001", "MC 98000", {}, DOMESTIC, ("",)),
        ("GB SW1A 1AA", "IM IM1 1AA", {}, DOMESTIC, ("",)),
        ("CH 8001", "DE 78266", {}, DOMESTIC, ("",)),
        ("CH 8001", "LI 9490", {}, DOMESTIC, ("",)),
    ],
)
def test_other_sellers(
    seller: str, arrival: str, more: dict[str, Any], treatment: TaxTreatment, regions: tuple[str, ...]
) -> None:
    found = supply(seller, arrival, **more)
    assert (found.treatment, found.regions) == (treatment, regions)


def test_regions_count_from_their_day_on() -> None:
    lemnos = [at("GR 81400", date(2025, 12, 31)).region, at("GR 81400", date(2026, 1, 1)).region]
    assert lemnos == ["", "GR-IS"]


def test_place_of_an_order_is_kept_and_read_back() -> None:
    place = supply("DE 20095", "PT 9500-001")
    assert PlaceOfSupply.from_json(place.as_json()) == place


def test_postal_codes_are_compared_without_what_people_put_between() -> None:
    assert [normalized(code) for code in ("9500-001", "63 086", "bt1 1aa", None)] == ["9500001", "63086", "BT11AA", ""]


def test_greek_vat_ids_begin_with_el_and_northern_irish_ones_with_xi() -> None:
    assert [country_of_vat_id("EL094259216"), country_of_vat_id(NORTHERN_IRISH)] == ["GR", "GB"]
