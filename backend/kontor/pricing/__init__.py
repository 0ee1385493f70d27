"""Dated prices per channel and variant: a memory. A change closes a row and opens one, nothing is overwritten.

Owns: `Price`. At any moment one price per channel, variant and quantity step.
"""
