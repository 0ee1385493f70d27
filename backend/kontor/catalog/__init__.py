"""Products and their sellable variants, bundles, texts and codes.

Owns: `Product`, `ProductVariant`, `BundleItem`, `Accessory`, `PoolCode`, `CatalogOffer`. A SKU and a GTIN name one
variant. A bundle explodes to variants that are no bundles themselves. Everybody with catalog:read sees all of it, but a
partner its own offers alone. Records ProductsSaved, PoolCodesAdded, OffersSent, OffersApproved, OffersReturned,
OffersWithdrawn.
"""
