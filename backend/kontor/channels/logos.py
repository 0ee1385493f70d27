"""Logos as retailers bring them: SVG that only draws, or PNG. Pure: text in, text out."""

import base64
import binascii
import re
import struct

from lxml import etree

from kontor.core.errors import InvalidInput

MOST_BYTES = 200_000
MOST_PIXELS = 4000
SVG = "http://www.w3.org/2000/svg"
PNG_PREFIX = "data:image/png;base64,"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# What draws. Scripts, foreign content, animation, links and text that asks for fonts are not among it.
_ELEMENTS = frozenset({
    "svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "use",
    "symbol", "clipPath", "mask", "linearGradient", "radialGradient", "stop", "pattern",
})  # fmt: skip
_ATTRIBUTES = frozenset({
    "id", "class", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "width", "height",
    "viewBox", "preserveAspectRatio", "points", "transform", "fill", "fill-opacity", "fill-rule", "clip-rule",
    "clip-path", "mask", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
    "stroke-dasharray", "stroke-dashoffset", "stroke-opacity", "opacity", "color", "offset", "stop-color",
    "stop-opacity", "gradientUnits", "gradientTransform", "spreadMethod", "patternUnits", "patternTransform",
    "clipPathUnits", "maskUnits", "maskContentUnits", "href", "version",
})  # fmt: skip
_OWN_REFERENCE = re.compile(r"\s*(url\(\s*['\"]?#[\w.-]+['\"]?\s*\)|#[\w.-]+)\s*")


def cleaned(logo: str, field: str) -> str:
    """The logo as it is kept: SVG reduced to what draws, or a PNG as a data URL. `field` is named in refusals.

    Raises `InvalidInput`, code LOGO_INVALID, for anything that is neither, or too large.
    """
    text = logo.strip()
    if len(text) > MOST_BYTES * 4 // 3 + len(PNG_PREFIX):
        raise _refused(f"At most {MOST_BYTES // 1000} kB.", field)
    return _png(text, field) if text.startswith(PNG_PREFIX) else _svg(text, field)


def png_of(logo: str) -> bytes | None:
    """The bytes of a logo that is a PNG."""
    return base64.b64decode(logo[len(PNG_PREFIX) :]) if logo.startswith(PNG_PREFIX) else None


def drawable(logo: str) -> str:
    """The logo as SVG, which documents draw: a PNG becomes the only picture in one."""
    data = png_of(logo)
    if data is None:
        return logo
    width, height = _png_size(data)
    return (
        f'<svg xmlns="{SVG}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="{logo}"/></svg>'
    )


def _png(text: str, field: str) -> str:
    try:
        data = base64.b64decode(text[len(PNG_PREFIX) :], validate=True)
    except binascii.Error:
        raise _refused("The PNG is not base64.", field) from None
    if len(data) > MOST_BYTES:
        raise _refused(f"At most {MOST_BYTES // 1000} kB.", field)
    if not data.startswith(_PNG_MAGIC) or len(data) < 33 or data[12:16] != b"IHDR":
        raise _refused("That is no PNG.", field)
    if not all(0 < side <= MOST_PIXELS for side in _png_size(data)):
        raise _refused(f"At most {MOST_PIXELS} pixels each way.", field)
    return PNG_PREFIX + base64.b64encode(data).decode()


def _png_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def _svg(text: str, field: str) -> str:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        raise _refused("That is neither SVG nor a PNG as data URL.", field) from None
    if root.tag != f"{{{SVG}}}svg" or root.getroottree().docinfo.doctype:
        raise _refused("That is no SVG image.", field)
    _reduce(root)
    if not any(
        _name(each) in ("path", "rect", "circle", "ellipse", "polygon", "polyline", "use") for each in root.iter()
    ):
        raise _refused("The SVG draws nothing that may be kept.", field)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="unicode")


def _name(element: etree._Element) -> str:
    tag = element.tag
    return tag.removeprefix(f"{{{SVG}}}") if isinstance(tag, str) else ""


def _reduce(element: etree._Element) -> None:
    for name in list(element.attrib):
        plain = "href" if name == "{http://www.w3.org/1999/xlink}href" else name
        value = element.attrib[name]
        refers = plain == "href" or "url" in value.lower() or ":" in value
        if plain not in _ATTRIBUTES or (refers and not _OWN_REFERENCE.fullmatch(value)):
            del element.attrib[name]
    for child in list(element):
        if _name(child) in _ELEMENTS:
            _reduce(child)
        else:
            element.remove(child)


def _refused(message: str, field: str) -> InvalidInput:
    return InvalidInput(message, code="LOGO_INVALID", path=(field,))
