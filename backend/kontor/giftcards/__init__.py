"""Gift cards that Kontor sold: what is left on each, and how that came about.

Owns: `GiftCard`, `GiftCardMovement`. A card's balance and what is reserved of it are the sums of its movements; both
change under the lock of the card's row, never below zero. Codes are kept as digests only.
"""
