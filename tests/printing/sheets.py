"""Pages as an independent eye sees them: their text, their size, and what a reader finds in their codes."""

from dataclasses import dataclass

import pypdfium2
import zxingcpp


@dataclass(frozen=True)
class Code:
    """A code that was read: its symbology and text; a GS1 code with its identifiers in brackets."""

    kind: str
    text: str


def texts_of(pdf: bytes) -> list[str]:
    """The text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded().replace("\xa0", " ") for page in document]


def sizes_of(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in millimeters."""
    sizes = [page.get_size() for page in pypdfium2.PdfDocument(pdf)]
    return [(round(width * 25.4 / 72), round(height * 25.4 / 72)) for width, height in sizes]


def codes_of(pdf: bytes, *, dpi: int = 203) -> list[list[Code]]:
    """What a reader finds on each page, printed with the resolution of a label printer."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=dpi / 72, grayscale=True).to_numpy()
        found.append([Code(str(each.format).split(".")[-1], each.text) for each in zxingcpp.read_barcodes(picture)])
    return found
