"""Numbers of parcels: what kind a number is, and whether its check digit is right. Pure.

Kinds whose check digit is public: S10 of the Universal Postal Union (registered and parcel items, UPU standard S10),
and the Serial Shipping Container Code of GS1 (GS1 General Specifications, 7.9), with or without its identifier 00.
Every other number is taken as it is.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
_SSCC = re.compile(r"(?:00)?\d{18}")
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
MOST = 80


class TrackingKind(StrEnum):
    """What sort of number it is."""

    S10 = "S10"
    SSCC = "SSCC"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class TrackingNumber:
    """A number without the spaces people and labels put into it; `valid` is None where nothing can be checked."""

    number: str
    kind: TrackingKind
    valid: bool | None


def read_number(text: str) -> TrackingNumber:
    """What a typed or scanned text says."""
    number = re.sub(r"[\s.]+", "", text).upper()[:MOST]
    if _S10.fullmatch(number):
        return TrackingNumber(number, TrackingKind.S10, s10_digit(number[2:10]) == int(number[10]))
    # Eighteen digits are many things; with the identifier in front it can only be the one.
    if _SSCC.fullmatch(number) and ((len(number) == 20 and number.startswith("00")) or _gs1_digit(number) == 0):
        return TrackingNumber(number, TrackingKind.SSCC, _gs1_digit(number) == 0)
    return TrackingNumber(number, TrackingKind.OTHER, None)


def s10_digit(serial: str) -> int:
    """The check digit of the eight digits of a postal item: 11 less the weighted sum modulo 11; 10 is 0, 11 is 5."""
    left = 11 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, serial, strict=True)) % 11
    return {10: 0, 11: 5}.get(left, left)


def _gs1_digit(number: str) -> int:
    """What is missing to a multiple of ten, the check digit counted: 0 for a right number."""
    return sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(reversed(number))) % 10
