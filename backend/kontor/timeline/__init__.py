"""The story of an order: everything that happened to it, from all packages, in words, the latest first.

Owns no table. Each fact is told once, by the row that is its truth: an event of the order's log, a step of a state, a
message, a decision.
"""
