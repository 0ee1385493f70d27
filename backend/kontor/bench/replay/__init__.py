"""Plays recorded orders through the public API of an installation of its own, and checks where they end."""

from kontor.bench.replay.cli import app

__all__ = ["app"]
