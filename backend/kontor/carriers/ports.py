"""What Kontor needs from a carrier, in words every carrier can be translated to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from kontor.core.errors import KontorError, Unavailable
from kontor.documents.values import Address, Brand, Language


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a carrier declares about itself.

    `own_numbers`: the tracking number is ours to give. `findable`: a label can be looked for by our reference.
    `repeatable`: where it cannot, ordering it again costs nothing, because labels that are not handed over are not
    billed. `closes_out`: parcels of the day are announced in a close-out. `tracks`: it tells where parcels are.
    """

    own_numbers: bool = False
    findable: bool = False
    repeatable: bool = False
    closes_out: bool = False
    tracks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest:
    """A label for one parcel. `reference` is ours and the same however often it is asked; weight in grams.

    `asked_on` is the day on the wall of the place. `settings` are those of the account, such as the contract's number;
    `number` is set where numbers are ours to give. `facts` are printed where the label is drawn by us.
    """

    reference: str
    settings: Mapping[str, Any]
    carrier: str
    sender: Address
    recipient: Address
    weight_g: int
    order_number: str
    language: Language
    asked_on: date
    size_mm: tuple[int, int] = (100, 150)
    number: str = ""
    sscc: str = ""
    brand: Brand | None = None
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """The label is there: its tracking number, where people can follow it, and the page to print."""

    tracking_number: str
    label: bytes
    tracking_url: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier will not do it, and repeating it helps nobody: its code and its words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Done:
    """It was done, or had been done before."""


class Progress(StrEnum):
    """Where a parcel is, in words of all carriers. SENT_BACK: its sender has it again."""

    UNDER_WAY = "UNDER_WAY"
    DELIVERED = "DELIVERED"
    STALLED = "STALLED"
    SENT_BACK = "SENT_BACK"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class TrackingNews:
    """What a carrier says of a parcel: `at` is when it happened, in the carrier's own words `text`."""

    tracking_number: str
    progress: Progress
    at: datetime | None = None
    text: str = ""


class CarrierUnavailable(Unavailable):
    """The carrier was not reached or turned the call away unread: surely not done. `retry_after` in seconds or None."""

    default_code = "CARRIER_UNAVAILABLE"


class CarrierOutcomeUnknown(KontorError):
    """The call was sent and no clear answer came: it may be done or not."""

    default_code = "CARRIER_OUTCOME_UNKNOWN"


class Carrier(Protocol):
    """A carrier. Every call raises `CarrierUnavailable` or `CarrierOutcomeUnknown` besides answering."""

    @property
    def abilities(self) -> Abilities:
        """What this carrier can do."""
        ...

    async def make_label(self, request: LabelRequest) -> Made | Refused:
        """Order a label."""
        ...

    async def find_label(self, request: LabelRequest) -> Made | None:
        """The label of a reference, None when there is none; only asked where `abilities.findable`."""
        ...

    async def cancel_label(self, request: LabelRequest, tracking_number: str) -> Done | Refused:
        """Take a label back; one that is not there is a success, too."""
        ...

    async def close_out(
        self, settings: Mapping[str, Any], tracking_numbers: Sequence[str]
    ) -> dict[str, Done | Refused]:
        """Announce parcels, by tracking number; those announced before are done. Asked where `closes_out`."""
        ...

    async def track(self, tracking_number: str) -> TrackingNews | None:
        """What is known of a parcel, None when nothing is; asked where `tracks`."""
        ...
