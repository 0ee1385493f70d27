"""Owns the labels of returns: bought from the carrier of the place the goods come back to, and given to the customer.

One label per return. A carrier that refuses, or does not say what it did, is somebody's case and can be asked again.
"""
