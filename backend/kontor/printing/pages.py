"""What papers say, from their frozen content to the values their pages show."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from kontor.documents.formatting import texts
from kontor.documents.frozen import address_of, brand_of, seller_of
from kontor.documents.values import (
    Brand,
    DeliveryLine,
    DeliveryNote,
    Document,
    ParcelLabel,
    PickLine,
    PickList,
    ReturnSlip,
    ReturnSlipLine,
)
from kontor.printing.values import PaperKind

Content = Mapping[str, Any]


def page_of(kind: PaperKind, content: Content, logo: str) -> Document:
    """The page of a paper; `logo` is the retailer's as SVG, or empty."""
    return _PAGES[kind](content, brand_of(content["brand"], logo))


def _pick_list(content: Content, brand: Brand) -> Document:
    lines = [
        PickLine(
            name=line["name"], quantity=line["quantity"], sku=line["sku"], gtin=line["gtin"],
            bin=line.get("shelf", ""), order_number=line["order"],
        )
        for line in content["lines"]
    ]  # fmt: skip
    return PickList(
        number=content["number"],
        location=content["location"],
        created_at=datetime.fromisoformat(content["created_at"]),
        language=content["language"],
        brand=brand,
        lines=tuple(lines),
    )


def _delivery_note(content: Content, brand: Brand) -> Document:
    lines = tuple(DeliveryLine(**line) for line in content["lines"])
    return DeliveryNote(**_letter(content, brand), lines=lines, gift_message=content["gift_message"])


def _return_slip(content: Content, brand: Brand) -> Document:
    words = texts(content["language"])
    lines = tuple(
        ReturnSlipLine(**{**line, "reason": words.get(f"reason_{line['reason'].lower()}", line["reason"])})
        for line in content["lines"]
    )
    return ReturnSlip(**_letter(content, brand), lines=lines, announced=content["announced"])


def _return_label(content: Content, brand: Brand) -> Document:
    words = texts(content["language"])
    width, height = content["millimeters"]
    return ParcelLabel(
        language=content["language"],
        printed_on=date.fromisoformat(content["issued_on"]),
        brand=brand,
        sender=address_of(content["recipient"]),
        recipient=address_of(content["to"]),
        number=content["number"],
        code=content["number"],
        code_title=words["rma_number" if content["announced"] else "delivery_note"],
        facts=((words["order_number"], content["order_number"]),),
        returned=True,
        width_mm=width,
        height_mm=height,
    )


def _letter(content: Content, brand: Brand) -> dict[str, Any]:
    return {
        "number": content["number"],
        "issued_on": date.fromisoformat(content["issued_on"]),
        "language": content["language"],
        "seller": seller_of(content["seller"]),
        "brand": brand,
        "recipient": address_of(content["recipient"]),
        "order_number": content["order_number"],
        "notes": tuple(content["notes"]),
        "footer": tuple(content["footer"]),
    }


_PAGES: dict[PaperKind, Callable[[Content, Brand], Document]] = {
    PaperKind.PICK_LIST: _pick_list,
    PaperKind.DELIVERY_NOTE: _delivery_note,
    PaperKind.RETURN_SLIP: _return_slip,
    PaperKind.RETURN_LABEL: _return_label,
}
