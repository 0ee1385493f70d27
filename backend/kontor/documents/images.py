"""Photos people send: what kind they are by their own bytes, and without what they tell beside the picture.

A camera writes where and when a photo was taken and by what into it. Only the picture is kept, and how it is turned.
Sources: ITU-T T.81 annex B (JPEG markers), Exif 2.32 section 4.6 (orientation), W3C PNG third edition
section 5 (chunks).
"""

import struct
import zlib

from kontor.core.errors import InvalidInput

MOST_BYTES = 8_000_000
MOST_PIXELS = 60_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_KEPT_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"sRGB", b"cHRM", b"sBIT"})
_ORIENTATION = 0x0112
_END, _SCAN, _APP0, _APP1, _APP14, _APP15, _COMMENT = 0xD9, 0xDA, 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class InvalidImage(InvalidInput):
    """The file is no picture we take."""

    default_code = "INVALID_IMAGE"


def picture_of(data: bytes) -> tuple[bytes, str]:
    """The picture alone and its media type; raises `InvalidImage` for anything but a whole JPEG or PNG."""
    if len(data) > MOST_BYTES:
        raise InvalidImage("A photo has at most 8 MB.", code="IMAGE_TOO_LARGE", max=MOST_BYTES)
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data), "image/jpeg"
        if data.startswith(_PNG):
            return _png(data), "image/png"
    except (struct.error, IndexError, ValueError) as problem:
        raise InvalidImage("The photo ends too early.") from problem
    raise InvalidImage("A photo is a JPEG or a PNG file.", code="IMAGE_KIND_UNKNOWN")


def _jpeg(data: bytes) -> bytes:
    kept, at, turned, framed, scanned = [data[:2]], 2, 1, False, False
    while data[at + 1] != _END:
        if data[at] != 0xFF:
            raise InvalidImage("The photo is damaged.")
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise InvalidImage("The photo ends too early.")
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            _check_size(width, height)
            framed = True
        elif marker == _APP1:
            turned = _orientation(data[at + 4 : end]) or turned
        elif marker == _SCAN:
            end, scanned = _after_scan(data, end), True
        if marker in (_APP0, _APP14) or not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
            kept.append(data[at:end])
        at = end
    if not framed or not scanned:
        raise InvalidImage("There is no picture in the file.")
    if turned != 1:
        kept.insert(1, _turned(turned))
    return b"".join([*kept, data[at : at + 2]])  # a second picture behind the end is none of it


def _after_scan(data: bytes, start: int) -> int:
    """Where the next marker stands that is neither a stuffed byte nor a restart."""
    at = data.index(b"\xff", start)
    while data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
        at = data.index(b"\xff", at + 2)
    return at


def _orientation(segment: bytes) -> int | None:
    """How an Exif segment says the picture is turned, 1 to 8."""
    if not segment.startswith(b"Exif\0\0"):
        return None
    body = segment[6:]
    order = {b"II": "<", b"MM": ">"}.get(body[:2])
    if order is None:
        return None
    try:
        (offset,) = struct.unpack(order + "I", body[4:8])
        (count,) = struct.unpack(order + "H", body[offset : offset + 2])
        for index in range(min(count, 100)):
            entry = body[offset + 2 + 12 * index : offset + 14 + 12 * index]
            tag, kind = struct.unpack(order + "HH", entry[:4])
            if tag == _ORIENTATION and kind == 3:
                (found,) = struct.unpack(order + "H", entry[8:10])
                return found if 1 <= found <= 8 else None
    except struct.error:
        pass
    return None


def _turned(orientation: int) -> bytes:
    """An Exif segment that says nothing but how the picture is turned."""
    body = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 8) + b"Exif\0\0" + body


def _png(data: bytes) -> bytes:
    kept, at, named = [_PNG], len(_PNG), b""
    while named != b"IEND":
        (length,) = struct.unpack(">I", data[at : at + 4])
        named, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data) or zlib.crc32(data[at + 4 : end - 4]) != struct.unpack(">I", data[end - 4 : end])[0]:
            raise InvalidImage("The photo is damaged.")
        if named == b"IHDR":
            _check_size(*struct.unpack(">II", data[at + 8 : at + 16]))
        if named in _KEPT_CHUNKS:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= MOST_PIXELS:
        raise InvalidImage("The photo has too many pixels.", code="IMAGE_TOO_LARGE", max=MOST_PIXELS)
