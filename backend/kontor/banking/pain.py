"""Transfers as a file for the bank: ISO 20022's pain.001.001.09 (customer credit transfer) in SEPA's subset. Pure.

Elements stand in the order of the standard's schema, texts in the Latin letters that every bank takes (EPC 132-08).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "&": "+"})
Element = etree._Element


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money to a customer, in cents; `reference` is unique and comes back on the statement."""

    reference: str
    amount: int
    name: str
    iban: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Order:
    """A file of transfers from one account; `number` is unique for the account's holder."""

    number: str
    created: datetime
    execute_on: date
    holder: str
    iban: str
    bic: str
    transfers: Sequence[Transfer]


def written(order: Order) -> bytes:
    """The file: one group, one payment information, all in euro."""
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})
    told = _add(root, "CstmrCdtTrfInitn")
    head = _add(told, "GrpHdr")
    _add(head, "MsgId", order.number[:35])
    _add(head, "CreDtTm", order.created.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _sums(head, order.transfers)
    _add(head, "InitgPty", "Nm", latin(order.holder, 70))
    group = _add(told, "PmtInf")
    _add(group, "PmtInfId", order.number[:35])
    _add(group, "PmtMtd", "TRF")
    _sums(group, order.transfers)
    _add(group, "PmtTpInf", "SvcLvl", "Cd", "SEPA")
    _add(group, "ReqdExctnDt", "Dt", order.execute_on.isoformat())
    _add(group, "Dbtr", "Nm", latin(order.holder, 70))
    _add(group, "DbtrAcct", "Id", "IBAN", order.iban)
    if order.bic:
        _add(group, "DbtrAgt", "FinInstnId", "BICFI", order.bic)
    else:
        _add(group, "DbtrAgt", "FinInstnId", "Othr", "Id", "NOTPROVIDED")
    _add(group, "ChrgBr", "SLEV")
    for transfer in order.transfers:
        _transfer(group, transfer)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _transfer(group: Element, transfer: Transfer) -> None:
    node = _add(group, "CdtTrfTxInf")
    _add(node, "PmtId", "EndToEndId", transfer.reference[:35])
    amount = etree.SubElement(_add(node, "Amt"), f"{{{NAMESPACE}}}InstdAmt", Ccy="EUR")
    amount.text = _euro(transfer.amount)
    _add(node, "Cdtr", "Nm", latin(transfer.name, 70))
    _add(node, "CdtrAcct", "Id", "IBAN", transfer.iban)
    _add(node, "RmtInf", "Ustrd", latin(transfer.purpose, 140))


def _sums(node: Element, transfers: Sequence[Transfer]) -> None:
    _add(node, "NbOfTxs", str(len(transfers)))
    _add(node, "CtrlSum", _euro(sum(each.amount for each in transfers)))


def _add(parent: Element, *names: str) -> Element:
    """A child, or a chain of them; the last of several names is the text of the innermost."""
    path, text = (names[:-1], names[-1]) if len(names) > 1 else (names, None)
    for name in path:
        parent = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    parent.text = text
    return parent


def _euro(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def latin(text: str, most: int) -> str:
    """A text in the letters that every bank takes; what has no such letter becomes a dot."""
    plain = unicodedata.normalize("NFKD", text.translate(_GERMAN))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[^A-Za-z0-9/\-?:().,'+ ]", ".", plain)[:most].strip() or "-"
