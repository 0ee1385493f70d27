"""Labels on parcels, as the words and figures they show."""

from typing import Any

from kontor.documents import codes
from kontor.documents.formatting import accent, address_lines, country_name, texts
from kontor.documents.values import Address, Language, ParcelLabel

View = dict[str, Any]


def parcel_label_view(label: ParcelLabel) -> View:
    """A label: where from, where to, and the codes that carriers and receiving desks read."""
    words, language = texts(label.language), label.language
    return {
        "language": language,
        "title": label.title or label.carrier or label.brand.name,
        "brand": label.brand.name,
        "number": label.number,
        "accent": accent(label.brand.color),
        "logo": label.brand.logo_svg,
        "carrier": label.carrier,
        "returned": words["return_title"] if label.returned else "",
        "from_title": words["from"],
        "from": _lines(label.sender, language),
        "to_title": words["to"],
        "to": _lines(label.recipient, language),
        "facts": [list(fact) for fact in label.facts],
        "code_title": label.code_title or words["tracking"],
        "code": codes.bars(label.code),
        "code_text": label.code,
        "sscc_title": words["sscc"],
        "sscc_code": codes.gs1_128("00" + label.sscc) if label.sscc else "",
        "sscc_text": f"(00) {label.sscc}",
        "width": label.width_mm,
        "height": label.height_mm,
    }


def _lines(address: Address, language: Language) -> list[str]:
    # A label crosses borders in either direction: it always names the country.
    return [*address_lines(address, address.country, language), country_name(address.country, language).upper()]
