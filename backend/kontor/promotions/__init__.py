"""Promotions: what is taken off a basket, why, and what was given of budgets and coupons.

Owns: `Promotion`, `PromotionUse`, `Coupon`, `Redemption`. A memory: at any moment one version per code, the past does
not change. A discount is never negative and never more than its line. Budgets and coupons are counted exactly, whoever
orders at once, and given back when a whole order is canceled or rejected. Shops see the promotions of their channels,
partners none. Records PromotionSaved, PromotionEnded, CouponsGenerated, CouponsBlocked, PromotionsGivenBack.
"""
