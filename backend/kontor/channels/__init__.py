"""Sales channels and the legal entities that sell through them.

Owns: `SalesChannel`, `LegalEntity`. A channel has one currency of its own, may sell in others, and shows gross or net
prices. Shop clients are scoped to their channels.
"""
