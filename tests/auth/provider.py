"""A small OpenID Connect provider that really signs: discovery, keys, a page that says yes, codes bound by PKCE."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kontor.core.clock import wall

CLIENT, SECRET = "kontor", "a secret of the provider"


@dataclass
class Provider:
    """What it says of whoever comes; tests change `claims`, `signed_by` and `status`."""

    claims: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    asked: list[str] = field(default_factory=list)
    issuer: str = ""
    ending: str = ""  # some write their name with a slash at its end
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signed_by: RSAKey | None = None
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def serve(self) -> tuple[uvicorn.Server, asyncio.Task[None]]:
        """Begin to answer on a free port of this machine."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._document),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        return server, asyncio.get_running_loop().create_task(server.serve(sockets=[listening]))

    async def _document(self, request: Request) -> Response:
        self.asked.append("document")
        paths = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        found = {name: f"{self.issuer}{path}" for name, path in paths.items()}
        return JSONResponse({"issuer": self.issuer + self.ending, **found}, self.status)

    async def _keys(self, request: Request) -> Response:
        self.asked.append("keys")
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        given = dict(request.query_params)
        assert given["response_type"] == "code"
        assert given["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = given
        return RedirectResponse(f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}")

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        begun = self._codes.pop(str(form.get("code")), None)
        basic = b64decode(request.headers["authorization"].split()[1]).decode()
        fits = begun is not None and begun["code_challenge"] == create_s256_code_challenge(str(form["code_verifier"]))
        if basic.split(":", 1)[0] != CLIENT or not fits or begun is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(wall().timestamp())
        claims = {
            "iss": self.issuer + self.ending,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": begun["nonce"],
        }
        signing = self.signed_by or self.key
        token = jwt.encode({"alg": "RS256", "kid": signing.kid}, claims | self.claims, signing)
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "id_token": token})
