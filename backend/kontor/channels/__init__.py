"""Sales channels and the legal entities that sell through them.

Owns: `SalesChannel`, `LegalEntity`. A channel has one currency and shows gross or net prices. Shop clients are scoped
to their channels.
"""
