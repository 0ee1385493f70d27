"""Bank statements and payouts: incoming transfers proposed for what they may pay and booked when a person confirms,
refunds by transfer taken to the bank once.

Owns: `BankStatement`, `BankEntry`, `BankAssignment`, `Payout`, `PayoutFile`. A statement is imported once, an entry of
an account is there once; an entry is never assigned beyond its amount, and what is left of it stays an open item. Money
is booked through `payments` and `invoicing` alone. Records no events. Whoever may read the journal sees all of it; a
principal with a scope sees nothing.
"""
