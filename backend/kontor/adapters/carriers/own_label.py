"""The generic carrier: labels of our own for whoever drives the parcels, with numbers of our own range.

Nobody is called, so nothing is ever unknown; what a driver hands over is recorded by `recordDelivery`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kontor.carriers.ports import Abilities, Done, LabelRequest, Made, Refused, TrackingNews
from kontor.documents.rendering import Renderer
from kontor.documents.values import Brand, ParcelLabel

NAME = "own"


class OwnLabelCarrier:
    """Draws the label itself. `tracking_url` in the account's settings may hold `{number}`."""

    abilities = Abilities(own_numbers=True, findable=False, repeatable=True)

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    async def make_label(self, request: LabelRequest) -> Made | Refused:
        """The label of the number that was given; drawn again, it is the same to the byte."""
        width, height = request.size_mm
        label = ParcelLabel(
            language=request.language,
            printed_on=request.asked_on,
            brand=request.brand or Brand(name=request.sender.company),
            sender=request.sender,
            recipient=request.recipient,
            number=request.number,
            code=request.number,
            carrier=request.carrier,
            sscc=request.sscc,
            facts=request.facts,
            width_mm=width,
            height_mm=height,
        )
        url = str(request.settings.get("tracking_url") or "").replace("{number}", request.number)
        return Made(request.number, await self._renderer.render_async(label), url if url.startswith("https://") else "")

    async def find_label(self, request: LabelRequest) -> Made | None:
        """Drawing it again is quicker than looking for it."""
        return None

    async def cancel_label(self, request: LabelRequest, tracking_number: str) -> Done | Refused:
        """A label of our own is taken back by not using it."""
        return Done()

    async def close_out(
        self, settings: Mapping[str, Any], tracking_numbers: Sequence[str]
    ) -> dict[str, Done | Refused]:
        """There is nobody to announce parcels to."""
        return dict.fromkeys(tracking_numbers, Done())

    async def track(self, tracking_number: str) -> TrackingNews | None:
        """Drivers report by hand."""
        return None
