"""Another article for goods that come back: exchanges, replacements, advance replacements.

Owns: `Exchange`, `ExchangeLine`. An exchange is a return and new lines of its order: the goods are credited in full,
and what goes back for them is kept for what the new lines cost (`payments.covering`). Pieces the customer gets for the
same price, or as a replacement, cost exactly what those that come back are worth. Records ExchangeRequested,
ExchangeApproved, ExchangeReceived, ExchangeFulfilled, ExchangeReminded, ExchangeOverdue, ExchangeCanceled.
"""
