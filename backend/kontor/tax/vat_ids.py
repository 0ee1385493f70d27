"""What a VAT id stands for: its form, and what the register of its state last said of it. Pure.

The register's word counts before form and check digits; without one these decide, and the order says so
(VAT Directive art. 138(1)(b), implementing regulation 282/2011 art. 18).
"""

import re
from enum import StrEnum

from stdnum.eu import vat


class VatIdStatus(StrEnum):
    """What the register last said."""

    UNCHECKED = "UNCHECKED"
    VALID = "VALID"
    INVALID = "INVALID"


class CheckOutcome(StrEnum):
    """How one question to the register ended."""

    VALID = "VALID"
    INVALID = "INVALID"
    UNANSWERED = "UNANSWERED"  # the register or its member state was away; nothing is known from it


class VatIdBasis(StrEnum):
    """On what an order's VAT id was believed, or not."""

    MALFORMED = "MALFORMED"  # form or check digits are wrong: counts as none
    FORMAT = "FORMAT"  # nobody has asked, or nobody answered: form and check digits decided
    REGISTER = "REGISTER"  # the register knows it
    REFUSED = "REFUSED"  # the register does not know it: counts as none


def compacted(vat_id: str) -> str:
    """A VAT id as registers know it: capital letters and digits, with the letters of its state."""
    found = re.sub(r"[^A-Z0-9]", "", vat_id.upper())
    return "EL" + found[2:] if found.startswith("GR") else found


def is_well_formed(vat_id: str) -> bool:
    """Whether form and check digits are those of a member state or Northern Ireland."""
    return bool(vat.is_valid(compacted(vat_id)))


def basis_of(vat_id: str, status: VatIdStatus | None) -> VatIdBasis:
    """On what a VAT id is believed, or why it is not; `status` None for one nobody asked about."""
    if not is_well_formed(vat_id):
        return VatIdBasis.MALFORMED
    match status:
        case VatIdStatus.VALID:
            return VatIdBasis.REGISTER
        case VatIdStatus.INVALID:
            return VatIdBasis.REFUSED
        case _:
            return VatIdBasis.FORMAT


def counts(basis: VatIdBasis) -> bool:
    """Whether a supply may be untaxed because of the VAT id."""
    return basis in (VatIdBasis.FORMAT, VatIdBasis.REGISTER)
