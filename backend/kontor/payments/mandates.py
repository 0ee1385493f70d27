"""SEPA direct debit: the customer's mandate, whether it may be drawn on, and when. Pure.

Sources: the European Payments Council's SEPA Direct Debit Core Rulebook (EPC016-06) and B2B Rulebook (EPC222-07):
a mandate is known by the creditor's identifier and its reference (AT-01, at most 35 characters), and lapses 36 months
after it was last drawn on (4.1); the debtor is told at least 14 calendar days before the due day unless another time
was agreed (pre-notification, 4.1); the sequence type (AT-21) is OOFF, FRST or RCUR.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from stdnum.eu import at_02

from kontor.core.errors import InvalidInput
from kontor.payments.errors import MandateNotValid

USUAL_NOTICE = 14
_REFERENCE = re.compile(r"[A-Za-z0-9+?/\-:().,' ]{1,35}")
LAPSES_AFTER_MONTHS = 36


class MandateKind(StrEnum):
    """Which scheme a mandate is for. Only companies sign B2B, and cannot have the money back."""

    CORE = "CORE"
    B2B = "B2B"


class Sequence(StrEnum):
    """The place of a debit among those of its mandate: the only one, the first of many, or a later one."""

    OOFF = "OOFF"
    FRST = "FRST"
    RCUR = "RCUR"


@dataclass(frozen=True, slots=True)
class Sepa:
    """A channel that collects in its own name: the creditor's identifier, and how many days before it tells."""

    creditor_id: str
    notice_days: int = USUAL_NOTICE


@dataclass(frozen=True, slots=True)
class MandateFacts:
    """A mandate as it is drawn on. `uses` are the debits that did not fail, `used_on` the day the last was due."""

    creditor_id: str
    reference: str
    kind: MandateKind
    once: bool
    signed_on: date
    revoked: bool = False
    uses: int = 0
    used_on: date | None = None


def sepa_of(settings: Mapping[str, Any]) -> Sepa | None:
    """What a channel says: `sepa: {creditorId, noticeDays}`; None where a provider collects in its own name.

    The usual 14 days count unless 1 to 60 others were agreed. Without a valid identifier nothing is said.
    """
    said = settings.get("sepa")
    if not isinstance(said, Mapping) or not at_02.is_valid(str(said.get("creditorId", ""))):
        return None
    days: Any = said.get("noticeDays")
    agreed = type(days) is int and 1 <= days <= 60
    return Sepa(at_02.compact(str(said["creditorId"])), days if agreed else USUAL_NOTICE)


def check_reference(reference: str) -> str:
    """A mandate's reference in the letters banks know; raises `InvalidInput`."""
    text = reference.strip()
    if not _REFERENCE.fullmatch(text) or text.startswith("/") or text.endswith("/") or "//" in text:
        raise InvalidInput(
            "1 to 35 letters, digits and + ? / - : ( ) . , ' and space.", code="INVALID_REFERENCE", path=("reference",)
        )
    return text


def check_usable(mandate: MandateFacts, today: date) -> None:
    """Raises `MandateNotValid` with its reason: REVOKED, USED (a one-off mandate), LAPSED."""
    reason = None
    if mandate.revoked:
        reason = "REVOKED"
    elif mandate.once and mandate.uses:
        reason = "USED"
    elif today > lapses_on(mandate):
        reason = "LAPSED"
    if reason is not None:
        raise MandateNotValid(
            f"The mandate {mandate.reference} cannot be drawn on.", mandate=mandate.reference, reason=reason
        )


def lapses_on(mandate: MandateFacts) -> date:
    """The last day on which a mandate counts that is not drawn on again.

    >>> lapses_on(MandateFacts("DE98ZZZ09999999999", "M1", MandateKind.CORE, False, date(2024, 2, 29)))
    datetime.date(2027, 2, 28)
    """
    last = mandate.used_on or mandate.signed_on
    year = last.year + LAPSES_AFTER_MONTHS // 12
    return last.replace(year=year, day=28) if (last.month, last.day) == (2, 29) else last.replace(year=year)


def sequence_of(mandate: MandateFacts) -> Sequence:
    """What the next debit is."""
    if mandate.once:
        return Sequence.OOFF
    return Sequence.RCUR if mandate.uses else Sequence.FRST


def collect_on(sepa: Sepa, told_on: date) -> date:
    """The first day on which a debit may be due that the customer is told of today."""
    return told_on + timedelta(days=sepa.notice_days)
