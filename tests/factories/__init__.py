"""Valid objects with sensible defaults, inserted in the session given. Keyword arguments override columns."""
