"""Which jobs react to which event: the whole map on one page. An event nobody reacts to has an empty tuple."""

SUBSCRIBERS: dict[str, tuple[str, ...]] = {}
