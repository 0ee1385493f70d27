"""Barcodes and QR codes as SVG text: the same input gives the same picture."""

import io
from functools import lru_cache

import segno
from barcode.codex import Code128, Gs1_128  # type: ignore[import-untyped]
from barcode.ean import EAN13  # type: ignore[import-untyped]

_CODE128_CHARACTERS = frozenset(map(chr, range(32, 127)))
# Readers take any mask; choosing the prettiest of eight would cost four times the rest of the code.
_MASK = 2


def can_be_code128(text: str) -> bool:
    return 0 < len(text) <= 48 and set(text) <= _CODE128_CHARACTERS


def gtin13(text: str) -> str | None:
    """The 13 digits of a GTIN-13 or UPC-A with a true check digit, else None."""
    if not text.isascii() or not text.isdigit() or len(text) not in (12, 13):
        return None
    digits = text.zfill(13)
    weighted = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return digits if weighted % 10 == 0 else None


@lru_cache(maxsize=512)
def bars(text: str) -> str:
    """EAN-13 for a GTIN, else Code 128; empty for text that Code 128 cannot hold. Quiet zones are the caller's."""
    if digits := gtin13(text):
        return _svg_of_modules(EAN13(digits).build()[0])
    return _svg_of_modules(Code128(text).build()[0]) if can_be_code128(text) else ""


@lru_cache(maxsize=512)
def gs1_128(element: str) -> str:
    """GS1-128 of one element string, its identifier first: `00` and an SSCC. Quiet zones are the caller's."""
    return _svg_of_modules(Gs1_128(element).build()[0])


def _svg_of_modules(modules: str) -> str:
    path: list[str] = []
    start = 0
    for index in range(1, len(modules) + 1):
        if index == len(modules) or modules[index] != modules[start]:
            if modules[start] == "1":
                path.append(f"M{start} 0h{index - start}v40h-{index - start}z")
            start = index
    width = len(modules)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 40" width="{width}" height="40" '
        f'preserveAspectRatio="none"><path d="{"".join(path)}"/></svg>'
    )


@lru_cache(maxsize=512)
def qr(text: str) -> str:
    """A QR code with error correction M and no border."""
    return _svg(segno.make(text, error="m", micro=False, mask=_MASK))


def transfer_qr(*, name: str, iban: str, bic: str, amount: int, reference: str) -> str:
    """The European Payments Council's code (BCD version 2) for a transfer of `amount` euro cents."""
    lines = ("BCD", "002", "1", "SCT", bic.replace(" ", ""), name[:70], iban.replace(" ", ""))
    payload = "\n".join((*lines, f"EUR{amount // 100}.{amount % 100:02d}", "", "", reference[:140]))
    return _svg(segno.make(payload.encode(), error="m", micro=False, mode="byte", mask=_MASK))


def _svg(code: segno.QRCode) -> str:
    out = io.BytesIO()
    code.save(out, kind="svg", border=0, xmldecl=False, nl=False, omitsize=True, svgclass=None, lineclass=None)
    return out.getvalue().decode()
