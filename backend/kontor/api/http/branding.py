"""Style sheets, logos and letters of retailers: for everybody, as customers see them anyway."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from kontor.api.http.files import ATTACHMENT_POLICY
from kontor.api.http.refusals import refusal
from kontor.channels.branding import find_brand, style_sheet
from kontor.channels.logos import png_of
from kontor.channels.models import Brand
from kontor.core.errors import NotFound
from kontor.core.jobs import Runtime
from kontor.documents.formatting import TEMPLATES

FONTS = {path.name: path for path in sorted((TEMPLATES / "fonts").glob("*.otf"))}
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


async def _brand(request: Request) -> Brand:
    runtime: Runtime = request.app.state.runtime
    async with runtime.database.read_only() as db:
        brand = await find_brand(db, request.path_params["code"])
    if brand is None:
        raise NotFound("There is no such brand.", code="BRAND_NOT_FOUND")
    return brand


def _kept(request: Request, brand: Brand) -> dict[str, str]:
    """Addresses that name the present version may be kept for ever, all others are asked for each time."""
    named = request.query_params.get("v") == str(brand.version)
    return {"cache-control": FOR_EVER if named else ASK_AGAIN, "etag": f'"{brand.code}-{brand.version}"'}


async def style(request: Request) -> Response:
    """The six variables of a brand."""
    try:
        brand = await _brand(request)
    except NotFound as problem:
        return refusal(problem, 404, request.headers)
    return Response(style_sheet(brand), media_type="text/css", headers=_kept(request, brand))


async def logo(request: Request) -> Response:
    """A logo; the light one also where no dark one is kept. An SVG may load and run nothing."""
    try:
        brand = await _brand(request)
        which = request.path_params["which"]
        found = (brand.logo_dark if which == "dark" else None) or brand.logo_light
        png = png_of(found) if found else None
        if found is None or which not in ("light", "dark") or (png is None) != (request.path_params["kind"] == "svg"):
            raise NotFound("There is no such logo.", code="LOGO_NOT_FOUND")
    except NotFound as problem:
        return refusal(problem, 404, request.headers)
    # Mails are read elsewhere: their programs may show the picture too.
    headers = {
        **_kept(request, brand),
        "content-security-policy": ATTACHMENT_POLICY,
        "cross-origin-resource-policy": "cross-origin",
    }
    return Response(png or found, media_type="image/png" if png else "image/svg+xml", headers=headers)


async def font(request: Request) -> Response:
    """Letters that style sheets name."""
    path: Path | None = FONTS.get(request.path_params["name"])
    if path is None:
        return refusal(NotFound("There is no such font.", code="FILE_NOT_FOUND"), 404, request.headers)
    return FileResponse(path, media_type="font/otf", headers={"cache-control": FOR_EVER})


routes: list[Route] = [
    Route("/branding/fonts/{name}", font, methods=["GET"]),
    Route("/branding/{code}.css", style, methods=["GET"]),
    Route("/branding/{code}/logo-{which}.{kind}", logo, methods=["GET"]),
]
