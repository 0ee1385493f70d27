"""Payments: the promise of money per method, its ledger of gateway operations, and refunds.

Invariants: captured is never above authorized (or invoiced), refunded never above captured, and the amounts of a
payment equal the sum of its transactions. What Kontor captures is never above the value shipped; money paid in advance
is exempt. No gateway call happens inside a database transaction: an intent row is committed, the call carries its
idempotency key, the outcome is a second row, and an unknown outcome is asked for again, never guessed.
"""
