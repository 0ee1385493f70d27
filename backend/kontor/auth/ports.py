"""The company's OpenID Connect provider, as seen from inside."""

from collections.abc import Mapping
from typing import Any, Protocol


class OpenIdProvider(Protocol):
    """Speaks to providers. Every method raises `ProviderAway` when one does not answer as it should."""

    async def discover(self, issuer: str) -> Mapping[str, Any]:
        """The provider's own description; kept for a while. Its `issuer` is the one that was asked for."""
        ...

    async def keys(self, issuer: str, *, fresh: bool = False) -> Mapping[str, Any]:
        """The keys it signs with, as a JWK set; `fresh` asks again, at most once a minute."""
        ...

    async def exchange(
        self, issuer: str, code: str, *, verifier: str, redirect_uri: str, client_id: str, client_secret: str
    ) -> Mapping[str, Any]:
        """The tokens a code is worth."""
        ...
