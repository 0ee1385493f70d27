"""The gift cards that Kontor sold, as a gateway: payments that name the gateway `giftcards` are paid from a card.

The token is the card's code. What is reserved never lapses; a card may be taken from in parts.
"""

from collections.abc import Awaitable, Mapping

from kontor.core.money import Money
from kontor.giftcards.desk import GiftCardDesk
from kontor.giftcards.errors import CardDeclined
from kontor.giftcards.values import GATEWAY, Wish, is_taxed
from kontor.payments.ports import Abilities, Declined, Instruction, Notice, Outcome, Sought, Succeeded

NAME = GATEWAY


class GiftCardGateway:
    """Cards behind `desk`."""

    abilities = Abilities(multi_capture=True, partial_refund=True, authorization_lifetime=None, idempotent_keys=True)

    def __init__(self, desk: GiftCardDesk) -> None:
        self._desk = desk

    async def authorize(self, instruction: Instruction, *, method: str, capture_now: bool = False) -> Outcome:
        """Reserve on the card of that code."""
        return await _outcome(self._desk.reserve(method, _wish(instruction), at_once=capture_now), instruction)

    async def capture(self, instruction: Instruction, *, authorization: str, final: bool = False) -> Outcome:
        """Take of what is reserved; `final` frees the rest."""
        return await _outcome(self._desk.redeem(authorization, _wish(instruction), final=final), instruction)

    async def void(self, instruction: Instruction, *, authorization: str) -> Outcome:
        """Free what is reserved."""
        return await _outcome(self._desk.release(authorization, _wish(instruction)), instruction)

    async def refund(self, instruction: Instruction, *, authorization: str) -> Outcome:
        """Put back on the card."""
        return await _outcome(self._desk.give_back(authorization, _wish(instruction)), instruction)

    async def find(self, idempotency_key: str, sought: Sought | None = None) -> Outcome | None:
        """None: sending it again finds what was done under the key."""
        return None

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """Cards tell nothing on their own."""
        return None


def _wish(instruction: Instruction) -> Wish:
    amount = instruction.amount
    taxed = is_taxed(instruction.kind, GATEWAY)
    return Wish(instruction.idempotency_key, instruction.payment_reference, amount.amount, amount.currency, taxed)


async def _outcome(step: Awaitable[tuple[str, int]], instruction: Instruction) -> Outcome:
    try:
        reference, amount = await step
    except CardDeclined as refusal:
        return Declined(str(refusal.params["reason"]), refusal.message)
    return Succeeded(reference, Money(amount, instruction.amount.currency))
