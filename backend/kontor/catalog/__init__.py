"""Products and their sellable variants, bundles, texts and codes.

Owns: `Product`, `ProductVariant`, `BundleItem`, `Accessory`, `CodePool`. A SKU and a GTIN name one variant. A bundle
explodes to variants that are no bundles themselves. Everybody with catalog:read sees all of it. Records ProductsSaved,
PoolCodesAdded.
"""
