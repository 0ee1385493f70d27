"""Dropshippers, franchisees, marketplaces and other parties, and what was agreed with them.

Owns: `Partner`, and `PracticeOrder`, which no other package knows. Suspending stops new routing at once; open work
stays finishable. A partner sees itself only. Records PartnerInvited, PartnerOnboarding, PartnerActivated,
PartnerChanged, PartnerSuspended, PartnerEnded.
"""
