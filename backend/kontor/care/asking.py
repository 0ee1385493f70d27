"""What was typed into the one box, read as everything it can be. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from kontor.care.errors import InvalidSearch
from kontor.customers.matching import email_key, postal_key
from kontor.customers.terms import phone_key, words_of

SHORTEST, LONGEST, MOST_WORDS, LONGEST_POSTAL_CODE = 2, 100, 6, 10
_INVOICE = re.compile(r"([A-Z]+\d*?)-?(C-?)?(20\d\d)-?(\d{6})")
_PHONE = re.compile(r"\+?[\d\s()/.-]+")


class SearchKind(StrEnum):
    """What a term is, in the order in which hits are shown: what names one thing comes before what many share."""

    ORDER_NUMBER = "ORDER_NUMBER"
    EXTERNAL_NUMBER = "EXTERNAL_NUMBER"
    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"
    RETURN = "RETURN"
    PARCEL = "PARCEL"
    PAYMENT = "PAYMENT"
    CUSTOMER_NUMBER = "CUSTOMER_NUMBER"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    NAME = "NAME"
    POSTAL_CODE = "POSTAL_CODE"


class Closeness(StrEnum):
    """How well a hit fits: as typed, as a part of a longer text, or one slip away."""

    EXACT = "EXACT"
    PART = "PART"
    SIMILAR = "SIMILAR"


@dataclass(frozen=True, slots=True)
class Asked:
    """A term, read.

    `numbers` are the ways it may be written as a number, none when it cannot be one. `words` are to be found all, in
    names or as postal codes; `single` holds what it is when taken as a whole. `digits` are all of a phone's, as typed.
    """

    text: str
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    single: tuple[str, ...]
    email: str | None = None
    phone: str | None = None
    digits: str = ""


def read(term: str) -> Asked:
    """The term as what it can be; raises `InvalidSearch` when it is too short, too long or has nothing to look for."""
    text = " ".join(term.split())
    if len(text) > LONGEST:
        raise InvalidSearch(f"A search has at most {LONGEST} characters.", path=("term",), most=LONGEST)
    if len(re.sub(r"[\W_]", "", text)) < SHORTEST:
        raise InvalidSearch(f"A search has at least {SHORTEST} letters or digits.", path=("term",), least=SHORTEST)
    email = email_key(text) if "@" in text.strip("@") and " " not in text else None
    digits = re.sub(r"\D", "", text) if _PHONE.fullmatch(text) else ""
    phone = phone_key(digits)
    # A long row of digits is no name, and what is longer than any postal code is none.
    words = () if email or len(digits) > LONGEST_POSTAL_CODE else tuple(words_of(text)[:MOST_WORDS])
    postal_code = postal_key(text).lower()
    whole = [email or "", phone or "", postal_code if len(postal_code) <= LONGEST_POSTAL_CODE else ""]
    return Asked(text, _numbers(text), words, tuple(dict.fromkeys(filter(None, whole))), email, phone, digits)


def _numbers(text: str) -> tuple[str, ...]:
    """A number has a digit in every group of its characters, but for letters in front; `#` is a habit of shops."""
    groups = text.lstrip("#").split()
    if "@" in text or text.startswith("+") or not groups or not re.search(r"\d", text):
        return ()
    if any(not re.search(r"\d", group) for group in (groups if len(groups[0]) > 4 else groups[1:])):
        return ()
    return tuple(dict.fromkeys((*_spelled(" ".join(groups)), *_spelled("".join(groups)))))


def _spelled(number: str) -> tuple[str, ...]:
    """As typed, in capitals and small; an invoice number with the hyphens that belong there."""
    upper = number.upper()
    invoice = _INVOICE.fullmatch(upper)
    hyphened = []
    if invoice:
        code, credit, year, sequence = invoice.groups()
        hyphened = [f"{code}-C-{year}-{sequence}" if credit else f"{code}-{year}-{sequence}"]
    return tuple(dict.fromkeys((number, upper, number.lower(), *hyphened)))
