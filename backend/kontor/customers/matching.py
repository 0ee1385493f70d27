"""Which known customer an order belongs to: by exact keys only, the surest first.

1. the id by which the channel knows the customer, 2. the email address, 3. name and postal code together. A key that
fits several customers decides nothing; similar is not equal.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Keys:
    """What is known of who orders, as it is compared; None where unknown."""

    external_id: str | None = None
    email: str | None = None
    name: str | None = None
    postal_code: str | None = None


def email_key(email: str | None) -> str | None:
    """An address as it is compared: trimmed, lower case."""
    return (email or "").strip().lower() or None


def name_key(name: str | None) -> str:
    """A name as it is compared: one spelling of every letter, single spaces, no case."""
    return " ".join(unicodedata.normalize("NFKC", name or "").casefold().split())


def postal_key(postal_code: str | None) -> str:
    """A postal code as it is compared: upper case, without spaces."""
    return "".join((postal_code or "").split()).upper()


def match(
    keys: Keys,
    *,
    by_reference: Mapping[str, K],
    by_email: Mapping[str, Sequence[K]],
    by_name: Mapping[tuple[str, str], Sequence[K]],
) -> K | None:
    """The one customer the keys lead to, None when they lead to none or to several.

    `by_name` is keyed by name and postal code, as compared. A different channel reference of an otherwise equal
    customer is no obstacle: the customer then has two.
    """
    if keys.external_id is not None and keys.external_id in by_reference:
        return by_reference[keys.external_id]
    if keys.email is not None:
        # Who gave an address is known by it or not at all: a namesake with another address is somebody else.
        return _only(by_email.get(keys.email, ()))
    if keys.name and keys.postal_code:
        return _only(by_name.get((keys.name, keys.postal_code), ()))
    return None


def _only(found: Sequence[K]) -> K | None:
    distinct = list(dict.fromkeys(found))
    return distinct[0] if len(distinct) == 1 else None
