"""OAuth 2.0 for machines: client credentials (RFC 6749), bearer tokens (RFC 6750), revocation (RFC 7009) by Authlib.

Authlib decides about requests and knows no event loop. So what it asks the database for is loaded before (the client
with the hashes of its secrets, the token to be revoked), and what it wants stored is handed back to be written after.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint

from kontor.auth import secrets
from kontor.auth.queries import KnownClient

TOKEN_LIFE = timedelta(hours=1)
METHODS = ["client_secret_basic", "client_secret_post"]

# At DEBUG Authlib logs the tokens it issues.
logging.getLogger("authlib").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What came in by POST: the public URL of the endpoint, headers (any case) and the form."""

    uri: str
    headers: Mapping[str, str]
    form: Mapping[str, str]

    @property
    def client_id(self) -> str:
        """Who says to be asking, by either method; empty when nobody is named."""
        try:
            named, _ = extract_basic_authorization(_canonical(self.headers))
        except ValueError:  # no base64, no text, nothing after the scheme
            named = None
        return named or self.form.get("client_id", "")


@dataclass(slots=True)
class Answer:
    """What to reply, and what to store: an issued token with its scopes, or a token to be revoked."""

    status: int
    body: dict[str, Any]
    headers: list[tuple[str, str]]
    issued: str | None = None
    scopes: list[str] = field(default_factory=list)
    life: timedelta = TOKEN_LIFE
    revoked: bool = False


def answer_token_request(request: TokenRequest, client: KnownClient | None) -> Answer:
    """Decide about a token request of a client that was looked up by `request.client_id`."""
    server = _Server(client)
    if refusal := _malformed(request):
        return refusal
    answer: Answer = server.create_token_response(request)
    if server.token is not None:
        answer.issued = server.token["access_token"]
        answer.scopes = server.token.get("scope", "").split()
    return answer


def answer_revocation(request: TokenRequest, client: KnownClient | None, *, own_token: bool) -> Answer:
    """Decide about a revocation; `own_token` tells whether the token is one of this client's.

    A token that is unknown or another client's is answered like one that was revoked: nothing is learned from it.
    """
    server = _Server(client)
    if refusal := _malformed(request):
        return refusal
    endpoint = _Revocation(server)
    endpoint.own_token = own_token
    server.register_endpoint(endpoint)
    answer: Answer = server.create_endpoint_response(endpoint.ENDPOINT_NAME, request)
    answer.revoked = endpoint.revoked
    return answer


class _Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A client as Authlib asks about it. Nobody is somebody whose every secret is wrong."""

    def __init__(self, known: KnownClient | None) -> None:
        self.known = known

    def get_allowed_scope(self, scope: str | None) -> str:
        granted = set(self.known.scopes) if self.known else set()
        wanted = set(scope.split()) if scope else granted
        if not wanted <= granted:
            raise InvalidScopeError("The client was not granted every requested scope.")
        return " ".join(sorted(wanted))

    def check_client_secret(self, client_secret: str) -> bool:
        given = secrets.digest(client_secret)
        hashes = self.known.secret_hashes if self.known else (secrets.digest(""),)
        matches = [secrets.same(known, given) for known in hashes]
        return self.known is not None and any(matches)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        return bool(grant_type == ClientCredentialsGrant.GRANT_TYPE)


class _Grant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = METHODS


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS: ClassVar[list[str]] = METHODS
    own_token = False
    revoked = False

    def query_token(self, token_string: str, token_type_hint: str | None) -> "_Revocation | None":
        return self if self.own_token else None

    def check_client(self, client: _Client) -> bool:
        """It was looked up among the tokens of this client."""
        return True

    def revoke_token(self, token: object, request: OAuth2Request) -> None:
        self.revoked = True


class _Request(OAuth2Request):  # type: ignore[misc]
    def __init__(self, request: TokenRequest) -> None:
        super().__init__("POST", request.uri, headers=_canonical(request.headers))
        self.payload = BasicOAuth2Payload(dict(request.form))
        self._form = dict(request.form)

    @property
    def form(self) -> dict[str, str]:
        return self._form


class _Server(AuthorizationServer):  # type: ignore[misc]
    """An authorization server for one request and the client it names."""

    def __init__(self, client: KnownClient | None) -> None:
        super().__init__()
        self.client = _Client(client)
        self.token: dict[str, Any] | None = None
        self.register_grant(_Grant)
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                access_token_generator=lambda **_: secrets.new_secret("ka"),
                expires_generator=int(TOKEN_LIFE.total_seconds()),
            ),
        )

    def query_client(self, client_id: str) -> _Client:
        return self.client

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        self.token = token

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: TokenRequest) -> _Request:
        return _Request(request)

    def handle_response(self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> Answer:
        return Answer(status, body, [item for item in headers if item[0].lower() != "content-type"])


def _canonical(headers: Mapping[str, str]) -> dict[str, str]:
    """The one header Authlib looks at, spelled as Authlib looks for it."""
    found = [value for name, value in headers.items() if name.lower() == "authorization"]
    return {"Authorization": found[0]} if found else {}


def _malformed(request: TokenRequest) -> Answer | None:
    """Refuse what Authlib would stumble over: two ways of naming oneself at once, credentials that are no text."""
    try:
        _Request(request)
        basic, secret = extract_basic_authorization(_canonical(request.headers))
        if basic and secret and "client_secret" in request.form:
            raise InvalidRequestError("A client authenticates by one method only.")
    except ValueError:  # no base64, no text, nothing after the scheme
        return _refusal(InvalidRequestError("The Authorization header cannot be read."))
    except OAuth2Error as problem:
        return _refusal(problem)
    return None


def _refusal(problem: OAuth2Error) -> Answer:
    status, body, headers = problem()
    return Answer(status, body, [item for item in headers if item[0].lower() != "content-type"])
