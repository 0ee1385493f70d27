"""What can be printed, on what, and what a selection asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class PaperKind(StrEnum):
    """The papers that go with the work at a place; the values are kinds of documents."""

    PICK_LIST = "PICK_LIST"
    DELIVERY_NOTE = "DELIVERY_NOTE"
    INVOICE = "INVOICE"
    RETURN_SLIP = "RETURN_SLIP"
    RETURN_LABEL = "RETURN_LABEL"
    SHIPPING_LABEL = "SHIPPING_LABEL"


class PaperSize(StrEnum):
    """What lies in the printer; labels fit on any, everything else on A4."""

    A4 = "A4"
    LABEL_103X199 = "LABEL_103X199"
    LABEL_100X150 = "LABEL_100X150"

    @property
    def millimeters(self) -> tuple[int, int]:
        """Width and height."""
        return _MILLIMETERS[self]

    @property
    def label_millimeters(self) -> tuple[int, int]:
        """Width and height of a label that goes on it."""
        return _MILLIMETERS[PaperSize.LABEL_100X150 if self is PaperSize.A4 else self]


_MILLIMETERS = {PaperSize.A4: (210, 297), PaperSize.LABEL_103X199: (103, 199), PaperSize.LABEL_100X150: (100, 150)}
LABELS = frozenset({PaperKind.RETURN_LABEL, PaperKind.SHIPPING_LABEL})


class PickBy(StrEnum):
    """How a pick list is walked: each article once for all orders, or order by order."""

    ARTICLE = "ARTICLE"
    ORDER = "ORDER"


@dataclass(frozen=True, slots=True)
class Selection:
    """Papers of these kinds for these fulfillment orders, in the order given; `language` is that of the workers."""

    fulfillment_order_ids: Sequence[UUID]
    kinds: Sequence[PaperKind]
    size: PaperSize = PaperSize.A4
    pick_by: PickBy = PickBy.ARTICLE
    language: str = "de"


@dataclass(frozen=True, slots=True)
class Missing:
    """A paper that was asked for and is not in the file: `code` says why."""

    fulfillment_order_id: UUID
    kind: PaperKind
    code: str

    def to_json(self) -> dict[str, str]:
        """As the batch keeps it."""
        return {"fulfillment_order_id": str(self.fulfillment_order_id), "kind": self.kind.value, "code": self.code}
