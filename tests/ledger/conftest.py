"""Money without the processes around it: these tests say themselves what happens next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factories.payments import only_money


@pytest.fixture(autouse=True)
def _only_money() -> Iterator[None]:
    with only_money():
        yield
