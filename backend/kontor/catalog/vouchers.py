"""Gift cards as the tax law sees them (VAT Directive art. 30a, 30b, by Directive (EU) 2016/1065)."""

from enum import StrEnum

# The tax class of multi-purpose vouchers. Their sale is no supply; what they pay for is (art. 30b(2)).
VOUCHER_CLASS = "voucher"


class VoucherKind(StrEnum):
    """Whether the tax of what a gift card will pay for is known when it is sold (VAT Directive art. 30a)."""

    SINGLE_PURPOSE = "SINGLE_PURPOSE"  # it is: the sale of the card is the supply and taxed by the card's tax class
    MULTI_PURPOSE = "MULTI_PURPOSE"  # it is not: the card is money, taxed is what it pays for
