"""What browsers get of the apps: plain files under addresses that change with their content, and a page for each app.

All files of one release share one address, `/assets/<version>/…`, so that relative imports stay among them and answers
can be kept for a year. The page names every module with the sum of its content (Subresource Integrity, W3C) in one
import map, and loads at once what its first screen imports.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from kontor.api.http.shell import POLICY
from kontor.settings import Settings

APPS = ("portal", "care", "store", "admin")
FOLDERS = ("vendor", "shared", *APPS)
STYLES = tuple(f"shared/styles/{name}.css" for name in ("reset", "tokens", "layout", "components", "print"))
IMPORTS = "shared/imports.json"
HEAD = "<!-- head -->"
FOREVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_MODULES = frozenset({".js", ".mjs"})
# Of one `import` or `export … from`; `import(…)` is for later and has a bracket. A key of words may end with `.from`.
_IMPORTED = re.compile(r"""(?<![.\w])(?:from|import)\s*(["'])([^"']+)\1""")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: plain, compressed where that is smaller, and its sum."""

    body: bytes
    packed: bytes | None
    media_type: str
    integrity: str


class Release:
    """The files of the apps as they lay in `folder` when it was read, and of each app its page with its policy.

    Raises `KeyError` where a module imports what is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.files: Mapping[str, Asset] = MappingProxyType({path: _asset(folder / path) for path in _paths(folder)})
        whole = hashlib.sha256()
        for path, asset in self.files.items():
            whole.update(f"{path} {asset.integrity}\n".encode())
        self.version = whole.hexdigest()[:12]
        names = self.files.get(IMPORTS)
        self._names: dict[str, str] = orjson.loads(names.body) if names else {}
        apps = {app: (folder / app / "index.html").read_text() for app in APPS if (folder / app).is_dir()}
        self.pages = {app: self._page(app, text) for app, text in apps.items()}

    def address(self, path: str) -> str:
        """Where a file of this release is."""
        return f"/assets/{self.version}/{path}"

    def first_imports(self, path: str) -> list[str]:
        """A module and everything it imports before it runs, those nearest to it first."""
        found, next_up = [path], [path]
        while next_up:
            here = next_up.pop(0)
            for name in self.imported(here):
                if name not in found:
                    found.append(name)
                    next_up.append(name)
        return found

    def imported(self, path: str) -> Iterator[str]:
        """The files that a module imports by itself. Raises `KeyError` for one that is not there."""
        for _, name in _IMPORTED.findall(self.files[path].body.decode()):
            target = _beside(path, name) if name.startswith(".") else self._names.get(name, name)
            if target not in self.files:
                raise KeyError(f"{path} imports {name}, which is not there")
            yield target

    def _page(self, app: str, text: str) -> tuple[str, str]:
        importmap = orjson.dumps(
            {
                "imports": {name: self.address(path) for name, path in self._names.items()},
                "integrity": {
                    self.address(path): asset.integrity
                    for path, asset in self.files.items()
                    if PurePosixPath(path).suffix in _MODULES
                },
            }
        ).decode()
        styles = [path for path in (*STYLES, f"{app}/{app}.css") if path in self.files]
        head = "\n".join(
            [
                *(self._link("stylesheet", path) for path in styles),
                f'<script type="importmap">{importmap}</script>',
                *(self._link("modulepreload", path) for path in self.first_imports(f"{app}/main.js")),
                f'<script type="module" src="{self.address(f"{app}/main.js")}"></script>',
            ]
        )
        return text.replace(HEAD, head), _policy(importmap)

    def _link(self, kind: str, path: str) -> str:
        return f'<link rel="{kind}" href="{self.address(path)}" integrity="{self.files[path].integrity}">'


class Assets:
    """The release that is served; in development read again when a file has changed."""

    def __init__(self, folder: Path, *, watched: bool) -> None:
        self._folder, self._watched = folder, watched
        self._release = _released(folder, _signature(folder))

    def current(self) -> Release:
        """The files as they are now."""
        if self._watched:
            self._release = _released(self._folder, _signature(self._folder))
        return self._release

    def routes(self) -> list[BaseRoute]:
        """The files and the page of each app that there is; an app's own addresses all lead to its page."""
        found: list[BaseRoute] = [Route("/assets/{version}/{path:path}", self._file, methods=["GET"])]
        for app in self._release.pages:
            found += [Route(address, self._page, methods=["GET"]) for address in (f"/{app}", f"/{app}/{{rest:path}}")]
        return found

    async def _file(self, request: Request) -> Response:
        """A file of the release that is served; those of others are gone, which a page takes as: load me anew."""
        release = self.current()
        asset = release.files.get(request.path_params["path"])
        if asset is None or request.path_params["version"] != release.version:
            return Response(status_code=404, headers={"cache-control": "no-store"})
        headers = {"cache-control": FOREVER, "vary": "accept-encoding"}
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.packed, media_type=asset.media_type, headers={**headers, "content-encoding": "gzip"})
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    async def _page(self, request: Request) -> Response:
        page, policy = self.current().pages[request.url.path.split("/")[1]]
        return HTMLResponse(page, headers={"cache-control": "no-cache", "content-security-policy": policy})


def routes(folder: Path, settings: Settings) -> list[BaseRoute]:
    """What serves the apps of a folder."""
    return Assets(folder, watched=settings.development).routes()


@lru_cache(maxsize=2)
def _released(folder: Path, _signature: tuple[tuple[str, int], ...]) -> Release:
    """Packing the files takes most of the time an application needs to start: unchanged ones are packed once."""
    return Release(folder)


def _signature(folder: Path) -> tuple[tuple[str, int], ...]:
    """When each file was changed."""
    paths = (*_paths(folder), *(f"{app}/index.html" for app in APPS if (folder / app).is_dir()))
    return tuple((path, (folder / path).stat().st_mtime_ns) for path in paths)


def _paths(folder: Path) -> list[str]:
    found = (path for name in FOLDERS for path in (folder / name).rglob("*"))
    return sorted(path.relative_to(folder).as_posix() for path in found if path.suffix in _TYPES)


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    packed = gzip.compress(body, 9, mtime=0)
    media_type = _TYPES[path.suffix]
    digest = base64.b64encode(hashlib.sha384(body).digest()).decode()
    return Asset(body, packed if len(packed) < len(body) else None, media_type, f"sha384-{digest}")


def _beside(path: str, name: str) -> str:
    parts: list[str] = list(PurePosixPath(path).parent.parts)
    for part in PurePosixPath(name).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _policy(importmap: str) -> str:
    """Scripts of ours and the one map; no text of a script ever becomes markup (Trusted Types)."""
    digest = base64.b64encode(hashlib.sha256(importmap.encode()).digest()).decode()
    allowed = POLICY.replace("script-src 'self'", f"script-src 'self' 'sha256-{digest}'")
    return (
        f"{allowed}; require-trusted-types-for 'script'; trusted-types 'none'; manifest-src 'self'; worker-src 'self'; "
        "frame-src 'self'"
    )
