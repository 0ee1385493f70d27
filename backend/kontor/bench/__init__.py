"""What `kontor bench` and `kontor replay` run: throw-away services, load and measurements.

Owns no tables. Every figure it reports is a ratio to a baseline measured in the same run.
"""
