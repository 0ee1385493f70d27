"""Checks over the source text itself. Every check is a function over text, proven by a snippet that violates it."""
