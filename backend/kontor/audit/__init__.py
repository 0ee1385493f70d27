"""Recomputes what must always hold from the ledgers and names every difference. `kontor audit` and a nightly job."""

from kontor.audit.cli import app

__all__ = ["app"]
