"""Refusals of tax."""

from kontor.core.errors import Conflict


class TaxRateMissing(Conflict):
    """No rate is known for a country and day."""

    default_code = "TAX_RATE_MISSING"
