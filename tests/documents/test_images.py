"""Photos are kept without what they tell beside the picture."""

import struct
import zlib

import pytest

from kontor.documents.images import MOST_BYTES, InvalidImage, picture_of


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


FRAME = segment(0xC0, struct.pack(">BHHB", 8, 16, 16, 1) + b"\x01\x11\x00")
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34\xff\x00\x56"


def exif(orientation: int, order: str = "<") -> bytes:
    mark = {"<": b"II", ">": b"MM"}[order]
    gps = struct.pack(order + "HHII", 0x8825, 4, 1, 200)
    turned = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    body = (
        mark
        + struct.pack(order + "HI", 42, 8)
        + struct.pack(order + "H", 2)
        + gps
        + turned
        + b"\0\0\0\0"
        + b"48.2N 16.3E"
    )
    return segment(0xE1, b"Exif\0\0" + body)


def jpeg(*extra: bytes) -> bytes:
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0") + b"".join(extra) + FRAME + SCAN + b"\xff\xd9"


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*extra: bytes, width: int = 4) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, 4, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 20))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + pixels + chunk(b"IEND", b"")


def test_plain_pictures_stay_as_they_are() -> None:
    assert picture_of(jpeg()) == (jpeg(), "image/jpeg")
    assert picture_of(png()) == (png(), "image/png")


@pytest.mark.parametrize("order", ["<", ">"])
def test_place_camera_and_words_go_and_the_turn_stays(order: str) -> None:
    told = [exif(6, order), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0Kim"), segment(0xFE, b"at home")]
    kept, _ = picture_of(jpeg(*told) + jpeg(exif(1)))
    assert b"16.3E" not in kept
    assert b"Kim" not in kept
    assert b"home" not in kept
    assert kept.endswith(SCAN + b"\xff\xd9")
    assert picture_of(kept)[0] == kept  # and its turn is read again
    assert b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in kept


def test_texts_of_a_png_go() -> None:
    assert picture_of(png(chunk(b"tEXt", b"Author\0Kim"), chunk(b"eXIf", b"MM"))) == (png(), "image/png")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<svg onload=alert(1)>", b"%PDF-1.7", b"GIF89a", jpeg()[:30], b"\xff\xd8\xff\xe0\xff\xff",
        png()[:40], png()[:-6] + b"garbage", png(width=2**31 - 1), b"\xff\xd8\xff" + b"\xff" * 50,
        b"\xff\xd8" + SCAN + b"\xff\xd9", jpeg(b"x" * MOST_BYTES),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        picture_of(data)
