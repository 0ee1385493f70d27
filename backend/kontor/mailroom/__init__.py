"""Owns mails that come in: read, matched with what we wrote or with an order, and kept once.

A mail is handed in (`receiveMail`) or fetched from a mailbox; both end in `service.receive`. The same mail twice is one
contact, and no mail stops another.
"""
