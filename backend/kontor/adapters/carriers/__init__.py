"""Carriers: labels of our own, and carriers' published interfaces."""
