"""A payment gateway to develop and test against: honest books, real faults.

It keeps its own ledger file, honors idempotency keys, and misbehaves as real gateways do, reproducibly by seed: it
declines, delays, fails before and after doing, hangs up, limits the rate, settles later and sends its signed notices
twice or out of order. The method token of a payment selects an outcome (`tokens.TOKENS`).
"""

from kontor.adapters.payments.simulator.app import Simulator
from kontor.adapters.payments.simulator.bank import Terms
from kontor.adapters.payments.simulator.embedded import EmbeddedTransport
from kontor.adapters.payments.simulator.faults import Faults
from kontor.adapters.payments.simulator.ledger import Audit, audit_file
from kontor.adapters.payments.simulator.notices import Notifier, keep_settling

__all__ = ["Audit", "EmbeddedTransport", "Faults", "Notifier", "Simulator", "Terms", "audit_file", "keep_settling"]
