"""Kontor: distributed order management for omnichannel retail."""
