"""Bundles explode to their components. A bundle holds no bundles, so one step is enough."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kontor.core.errors import InvalidInput

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Component:
    """So many pieces of a variant in one bundle."""

    sku: str
    quantity: int


def check_components(sku: str, components: Sequence[Component], bundles: Iterable[str]) -> None:
    """Raise `InvalidInput` unless there are components, all positive, each once, none of them itself a bundle.

    `bundles` names the variants that are bundles themselves.
    """
    if not components:
        raise InvalidInput(f"The bundle {sku} has no components.", code="EMPTY_BUNDLE", path=("components",))
    nested, seen = {sku, *bundles}, set[str]()
    for index, component in enumerate(components):
        if component.quantity < 1:
            raise InvalidInput(
                f"The bundle {sku} needs at least one {component.sku}.",
                code="INVALID_QUANTITY",
                path=("components", index, "quantity"),
            )
        if component.sku in nested:
            raise InvalidInput(
                f"{component.sku} is a bundle and cannot be part of {sku}.",
                code="NESTED_BUNDLE",
                path=("components", index, "sku"),
            )
        if component.sku in seen:
            raise InvalidInput(
                f"{component.sku} is named twice in {sku}.",
                code="DUPLICATE_COMPONENT",
                path=("components", index, "sku"),
            )
        seen.add(component.sku)


def explode(demand: Mapping[K, int], contents: Mapping[K, Mapping[K, int]]) -> dict[K, int]:
    """Demand in pieces per variant, bundles replaced by their components and equal variants summed."""
    total: dict[K, int] = {}
    for variant, quantity in demand.items():
        for part, count in contents.get(variant, {variant: 1}).items():
            total[part] = total.get(part, 0) + count * quantity
    return total
