"""Dated prices per channel, list and variant: a memory. A change closes a row and opens one, nothing is overwritten.

Owns: `Price`, `PriceList`. At any moment one price per channel, list, variant and quantity step; which list counts for
a buyer is one rule (`calculation`). A shop sees what is of its channels, partners see nothing.
"""
