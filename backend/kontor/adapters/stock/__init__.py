"""Systems that know the stock of their places themselves."""

from kontor.adapters.stock.http_stock import HttpLiveStock, connect


def systems_from_settings(text: str) -> dict[str, HttpLiveStock]:
    """Live stock systems by name, from `name=https://address` entries separated by blanks or commas.

    Raises `ValueError` naming an entry that cannot be read.
    """
    systems: dict[str, HttpLiveStock] = {}
    for entry in text.replace(",", " ").split():
        name, _, address = entry.partition("=")
        if not name or not address.startswith(("http://", "https://")):
            raise ValueError(f"A live stock system reads name=https://address, not {entry!r}")
        systems[name] = HttpLiveStock(connect(address))
    return systems


__all__ = ["HttpLiveStock", "connect", "systems_from_settings"]
