"""The registry of adapters: a Protocol, an optional name, the object that implements it. Resolved at the edges."""

from typing import Any, TypeVar, cast

from kontor.core.errors import Unavailable

P = TypeVar("P")


class Ports:
    """Adapters by port and name."""

    def __init__(self) -> None:
        self._adapters: dict[tuple[type[Any], str], Any] = {}

    def register(self, port: type[Any], adapter: object, *, name: str = "") -> None:
        """Bind an adapter to a port; the unnamed one is the default."""
        self._adapters[(port, name)] = adapter

    def get(self, port: type[P], name: str = "") -> P:
        """The adapter of that name; raises `Unavailable` when none is bound."""
        try:
            return cast(P, self._adapters[(port, name)])
        except KeyError:
            raise Unavailable(
                f"No adapter '{name}' is bound to {port.__name__}.", code="NO_ADAPTER", port=port.__name__, name=name
            ) from None

    def names(self, port: type[Any]) -> list[str]:
        """The names bound to a port."""
        return sorted(name for bound, name in self._adapters if bound is port)

    def adapters(self) -> list[object]:
        """Every bound adapter once, for closing them."""
        return list({id(adapter): adapter for adapter in self._adapters.values()}.values())
