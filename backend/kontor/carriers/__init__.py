"""Carriers: labels for parcels, taken back and closed out, and what carriers tell of parcels on their way.

Owns: `CarrierAccount`, `CarrierLabel`. A label is an intent first: it is written, the carrier is called outside of any
transaction, the outcome is written. What has no outcome is asked for under the same reference, never ordered blindly
where that could cost twice. A parcel has one label at a time. Partners use accounts of their own.
Records LabelCreated, LabelRefused, LabelCanceled.
"""
