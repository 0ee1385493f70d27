"""What is done for a customer beyond what the order promised: goodwill, claims, exchanges and replacements.

Owns: `GoodwillLimit`, `Goodwill`. Goodwill is never more than what came in and is not back yet, vouchers included; who
grants more than their limit waits for somebody else. Records GoodwillAsked, GoodwillGranted, GoodwillDeclined,
GoodwillRecalled, GoodwillVoucherIssued.
"""
