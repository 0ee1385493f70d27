"""Which account buys the label of a return, and under which settings. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar


class Account(Protocol):
    """What decides about an account."""

    settings: dict[str, Any]


A = TypeVar("A", bound=Account)


def account_for(accounts: Iterable[A]) -> A | None:
    """The first account that is set to give labels for returns (`returns` in its settings); None where none is."""
    return next((each for each in accounts if each.settings.get("returns")), None)


def settings_for(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an account with those for returns in their place, such as another product of the contract."""
    own = settings.get("returns")
    common = {name: value for name, value in settings.items() if name != "returns"}
    return {**common, **own} if isinstance(own, Mapping) else common
