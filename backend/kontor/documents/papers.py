"""The papers that go with the goods, as the words and figures their pages show."""

from typing import Any

from kontor.documents import codes
from kontor.documents.formatting import address_lines, country_name, day, moment, money, number, texts
from kontor.documents.letters import letter_view, page_view
from kontor.documents.values import (
    Address,
    DeliveryNote,
    EvidencePack,
    GoodsLabel,
    Language,
    PickLine,
    PickList,
    ReturnLabel,
    ReturnSlip,
)

View = dict[str, Any]


def delivery_note_view(note: DeliveryNote) -> View:
    words, language = texts(note.language), note.language
    facts = [
        (words["delivery_note"], note.number),
        (words["date"], day(note.issued_on, language)),
        (words["order_number"], note.order_number),
        (words["customer_number"], note.customer_number),
    ]
    partial = any(line.outstanding for line in note.lines)
    names = ("position", "article", "delivered", *(("outstanding",) if partial else ()))
    return letter_view(note, title=words["delivery_note"], facts=facts) | {
        "columns": [words[name] for name in names],
        "partial": partial,
        "lines": [
            {
                "position": str(position),
                "name": line.name,
                "detail": _article(language, line.detail, line.sku, line.gtin),
                "quantity": number(line.quantity, language),
                "outstanding": number(line.outstanding, language) if line.outstanding else "",
            }
            for position, line in enumerate(note.lines, start=1)
        ],
        "follows": words["follows"] if partial else "",
        "parcels": [(parcel.carrier, parcel.tracking_number) for parcel in note.parcels],
        "parcels_title": words["parcels"],
        "gift_title": words["gift_message"],
        "gift_message": note.gift_message,
        "code": codes.bars(note.number),
        "code_text": note.number,
    }


def return_slip_view(slip: ReturnSlip) -> View:
    words, language = texts(slip.language), slip.language
    facts = [
        (words["rma_number" if slip.announced else "delivery_note"], slip.number),
        (words["date"], day(slip.issued_on, language)),
        (words["order_number"], slip.order_number),
        (words["customer_number"], slip.customer_number),
        (words["return_by"], day(slip.return_by, language) if slip.return_by else ""),
    ]
    return letter_view(slip, title=words["return_slip"], facts=facts) | {
        "columns": [words[name] for name in ("position", "article", "quantity", "return_reason")],
        "lines": [
            {
                "position": str(position),
                "name": line.name,
                "detail": _article(language, line.detail, line.sku, ""),
                "quantity": number(line.quantity, language),
                "reason": line.reason,
            }
            for position, line in enumerate(slip.lines, start=1)
        ],
        "intro": words["return_intro"],
        "code": codes.qr(slip.number),
        "code_text": slip.number,
        "label": _return_label(slip, slip.label) if slip.label else None,
    }


def _return_label(slip: ReturnSlip, label: ReturnLabel) -> View:
    words, language = texts(slip.language), slip.language
    code = label.tracking_number or slip.number
    return {
        "hint": words["return_label"],
        "from_title": words["from"],
        "from": _label_address(slip.recipient, language),
        "to_title": words["to"],
        "to": _label_address(label.to, language),
        "carrier": label.carrier,
        "code": codes.bars(code),
        "code_text": code,
        "rma": f"{words['rma_number']} {slip.number}",
    }


def _label_address(address: Address, language: Language) -> list[str]:
    # A label crosses borders in either direction: it always names the country.
    return [*address_lines(address, address.country, language), country_name(address.country, language).upper()]


def pick_list_view(picks: PickList) -> View:
    words, language = texts(picks.language), picks.language
    facts = [
        (words["location"], picks.location),
        (words["created_at"], moment(picks.created_at, language)),
        (words["picker"], picks.picker),
    ]
    units = sum(line.quantity for line in picks.lines)
    binned = any(line.bin for line in picks.lines)
    names = (*(("bin",) if binned else ()), "quantity", "article", "order", "done")
    return page_view(picks.brand, language, title=words["pick_list"], number=picks.number) | {
        "facts": [fact for fact in facts if fact[1]],
        "columns": [words[name] for name in names],
        "binned": binned,
        "lines": [_pick_line(line, language) for line in picks.lines],
        "summary": words["units"].format(lines=number(len(picks.lines), language), units=number(units, language)),
        "notes": list(picks.notes),
        "code": codes.bars(picks.number),
        "code_text": picks.number,
    }


def evidence_view(pack: EvidencePack) -> View:
    """What an order says in a dispute, part by part; parts of which nothing is known are left out."""
    words = texts(pack.language)
    return page_view(pack.brand, pack.language, title=words["evidence"], number=pack.number) | {
        "facts": [list(row) for row in pack.summary if row[1]],
        "parts": [
            {"heading": part.heading, "rows": [list(row) for row in part.rows if row[1]]}
            for part in pack.parts
            if any(text for _, text in part.rows)
        ],
    }


def _pick_line(line: PickLine, language: Language) -> View:
    return {
        "bin": line.bin,
        "quantity": number(line.quantity, language),
        "name": line.name,
        "detail": _article(language, line.detail, line.sku, line.gtin),
        "order": line.order_number,
    }


def goods_label_view(label: GoodsLabel) -> View:
    words, language = texts(label.language), label.language
    lowest = ""
    if label.lowest_price is not None:
        lowest = words["lowest_price"].format(price=money(label.lowest_price, label.currency, language))
    return {
        "language": language,
        "title": label.name,
        "brand": "",
        "number": label.code,
        "name": label.name,
        "detail": _article(language, label.detail, label.sku, ""),
        "facts": [list(fact) for fact in label.facts],
        "price": money(label.price, label.currency, language) if label.price is not None else "",
        "lowest_price": lowest,
        "unit_price": label.unit_price_text,
        "code": codes.bars(label.code),
        "code_text": label.code,
        "width": label.width_mm,
        "height": label.height_mm,
        "copies": label.copies,
    }


def _article(language: Language, detail: str, sku: str, gtin: str) -> str:
    words = texts(language)
    named = (detail, words["sku"].format(sku=sku) if sku else "", words["gtin"].format(gtin=gtin) if gtin else "")
    return " · ".join(part for part in named if part)
