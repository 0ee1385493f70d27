"""What is done for a customer beyond what the order promised: goodwill and claims.

Owns: `GoodwillLimit`, `Goodwill`, `Claim`, `ClaimLine`. Goodwill is never more than what came in and is not back yet,
vouchers included; who grants more than their limit waits for somebody else. Pieces are claimed once. Records
GoodwillAsked, GoodwillGranted, GoodwillDeclined, GoodwillRecalled, GoodwillVoucherIssued, ClaimOpened, ClaimApproved,
ClaimResolved, ClaimDenied, ClaimCanceled.
"""
