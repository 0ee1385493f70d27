"""Stripe by its published API: PaymentIntents with manual capture, refunds, disputes, signed events."""

from kontor.adapters.payments.stripe.disputes import FILES_URL
from kontor.adapters.payments.stripe.gateway import API_URL, API_VERSION, StripeGateway
from kontor.adapters.payments.stripe.signing import TOLERANCE_SECONDS, header_value

__all__ = ["API_URL", "API_VERSION", "FILES_URL", "TOLERANCE_SECONDS", "StripeGateway", "header_value"]
