"""Refusals of tax."""

from kontor.core.errors import Conflict, InvalidInput, Unavailable


class TaxRateMissing(Conflict):
    """No rate is known for a country and day."""

    default_code = "TAX_RATE_MISSING"


class MalformedVatId(InvalidInput):
    """Form or check digits are those of no member state."""

    default_code = "INVALID_VAT_ID"


class RegisterOff(Conflict):
    """This installation asks no register."""

    default_code = "VAT_REGISTER_OFF"


class RegisterAway(Unavailable):
    """The register did not answer, or not sensibly; `reason` is its own word for it where it has one."""

    default_code = "VAT_REGISTER_AWAY"
