"""Files we hand out and keep: invoices, delivery notes, labels.

Owns the value types a page is made from, their presentation per language, the rendering to PDF/A and the port to the
place where files are kept. Invariants: the same value gives the same bytes; a page shows only what its value says
and computes no amount; whatever characters a customer's name has, the document comes out.
"""
