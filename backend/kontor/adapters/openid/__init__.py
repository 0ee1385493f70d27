"""Providers of OpenID Connect, over HTTP, at addresses that were checked."""

from collections.abc import Mapping
from time import monotonic
from typing import Any
from urllib.parse import quote_plus

import httpx

from kontor.auth.errors import ProviderAway
from kontor.core.errors import KontorError
from kontor.webhooks.addresses import Resolver, resolve

TIMEOUT = 10.0  # seconds
MOST_READ = 1_000_000  # bytes of an answer
KEPT, AGAIN = 3600.0, 60.0  # seconds a description and its keys count; how often keys are asked for out of turn
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to the address a name was resolved to and checked; reads no more than it must."""

    def __init__(self, *, allow_private: bool, resolver: Resolver | None = None) -> None:
        self._allow_private, self._resolver = allow_private, resolver
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        there = await resolve(str(request.url), resolver=self._resolver, allow_private=self._allow_private)
        request.url = request.url.copy_with(host=there.address)
        request.headers["host"] = there.host_header
        request.headers["accept-encoding"] = "identity"
        request.extensions = {**request.extensions, "sni_hostname": there.endpoint.host}
        answer = await self._inner.handle_async_request(request)
        body = bytearray()
        try:
            async for part in answer.aiter_raw():
                body += part
                if len(body) > MOST_READ:
                    raise httpx.DecodingError("the answer is too long")
        finally:
            await answer.aclose()
        kept = {name: value for name, value in answer.headers.items() if name == "content-type"}
        return httpx.Response(answer.status_code, headers=kept, content=bytes(body), request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class HttpOpenIdProvider:
    """Keeps what providers say of themselves for an hour, per process."""

    def __init__(self, *, allow_private: bool = False, resolver: Resolver | None = None) -> None:
        self._allow_private, self._resolver = allow_private, resolver
        self._documents: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._keys: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def discover(self, issuer: str) -> Mapping[str, Any]:
        known = self._documents.get(issuer)
        if known is not None and monotonic() - known[0] < KEPT:
            return known[1]
        document = await self._asked("GET", f"{issuer}/.well-known/openid-configuration")
        if any(not isinstance(document.get(name), str) for name in NEEDED) or document["issuer"].rstrip("/") != issuer:
            raise ProviderAway("The provider describes itself otherwise than OpenID Connect says.")
        self._documents[issuer] = (monotonic(), document)
        return document

    async def keys(self, issuer: str, *, fresh: bool = False) -> Mapping[str, Any]:
        known = self._keys.get(issuer)
        if known is not None and monotonic() - known[0] < (AGAIN if fresh else KEPT):
            return known[1]
        found = await self._asked("GET", str((await self.discover(issuer))["jwks_uri"]))
        if not isinstance(found.get("keys"), list):
            raise ProviderAway("The provider shows no keys.")
        self._keys[issuer] = (monotonic(), found)
        return found

    async def exchange(
        self, issuer: str, code: str, *, verifier: str, redirect_uri: str, client_id: str, client_secret: str
    ) -> Mapping[str, Any]:
        document = await self.discover(issuer)
        methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        form = {
            "grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri,
        }  # fmt: skip
        if "client_secret_basic" in methods:  # both parts are form-encoded first (RFC 6749, 2.3.1)
            auth = httpx.BasicAuth(quote_plus(client_id), quote_plus(client_secret))
            return await self._asked("POST", str(document["token_endpoint"]), data=form, auth=auth)
        form |= {"client_id": client_id, "client_secret": client_secret}
        return await self._asked("POST", str(document["token_endpoint"]), data=form)

    async def _asked(self, method: str, url: str, **given: Any) -> dict[str, Any]:
        """The JSON object that answers; whatever goes wrong on the way is one refusal."""
        transport = PinnedTransport(allow_private=self._allow_private, resolver=self._resolver)
        try:
            async with httpx.AsyncClient(
                transport=transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False
            ) as client:  # fmt: skip
                answer = await client.request(method, url, headers={"accept": "application/json"}, **given)
                found = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, KontorError, ValueError, OSError) as problem:
            raise ProviderAway("The provider does not answer as it should.", reason=type(problem).__name__) from problem
        if not isinstance(found, dict):
            raise ProviderAway("The provider does not answer as it should.", status=answer.status_code)
        return found
