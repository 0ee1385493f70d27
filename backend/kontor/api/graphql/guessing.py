"""Who guesses codes is held up: unknown coupons and gift cards are counted, and then known ones count no more either.

Coupons are counted per customer of a shop, as the shop names them, and per caller; gift cards per caller. Codes are
looked up and counted before anything is answered, so that no number of codes in one call, nor of calls at once, gets
more answers than the limits allow. Codes that are known cost nothing: a busy shop is never held up by its customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kontor.api.graphql.context import Info
from kontor.api.http.session import gate
from kontor.auth import limits
from kontor.auth.errors import TooManyAttempts
from kontor.giftcards.service import unknown_codes
from kontor.giftcards.values import GATEWAY
from kontor.orders.intake import OrderInput
from kontor.orders.promoting import MOST_COUPONS, is_priced_by_kontor
from kontor.promotions.coupons import coupons_by_code, normalized


@dataclass(frozen=True, slots=True)
class Tried:
    """Codes that somebody named: `shopper` is whoever the caller speaks for, empty where that is not known."""

    shopper: str
    coupons: frozenset[str] = frozenset()
    cards: frozenset[str] = frozenset()


def tried_by(order: OrderInput) -> Tried:
    """What an order says of codes that would be answered: coupons where Kontor prices, cards that Kontor keeps."""
    who = order.customer
    asked = order.coupons[:MOST_COUPONS] if is_priced_by_kontor(order) else ()
    return Tried(
        f"{order.channel}/{who.external_id or (who.email or '').strip().lower()}",
        frozenset(normalized(code) for code in asked),
        frozenset(each.token for each in order.payments if each.gateway == GATEWAY and each.token),
    )


async def hold_up(info: Info, tries: Sequence[Tried]) -> Mapping[int, TooManyAttempts]:
    """Count the unknown codes of each; who named too many, by position, with what is to be answered."""
    coupons = {code for each in tries for code in each.coupons}
    cards = {code for each in tries for code in each.cards}
    if not coupons and not cards:
        return {}
    async with info.context.runtime.database.read_only(info.context.principal) as db:
        unknown = coupons - set(await coupons_by_code(db, coupons)) if coupons else set()
        no_cards = await unknown_codes(db, cards) if cards else set()
    held: dict[int, TooManyAttempts] = {}
    for index, each in enumerate(tries):
        try:
            if each.coupons:
                await _count_coupons(info, each.shopper, len(each.coupons & unknown))
            if each.cards:
                await count_cards(info, len(each.cards & no_cards))
        except TooManyAttempts as refusal:
            held[index] = refusal
    return held


async def check(info: Info, tried: Tried) -> None:
    """The same for one of them; raises `TooManyAttempts`."""
    for refusal in (await hold_up(info, [tried])).values():
        raise refusal


async def count_cards(info: Info, unknown: int) -> None:
    """Count codes that no gift card has; raises `TooManyAttempts`, also without any when there were too many before."""
    await gate(info.context.runtime).limiter.take(limits.GIFT_CARDS, _caller(info), count=unknown)


async def _count_coupons(info: Info, shopper: str, unknown: int) -> None:
    limiter, caller = gate(info.context.runtime).limiter, _caller(info)
    if shopper.rpartition("/")[2]:
        await limiter.take(limits.COUPONS_SHOPPER, caller, shopper, count=unknown)
    await limiter.take(limits.COUPONS_CLIENT, caller, count=unknown)


def _caller(info: Info) -> str:
    return str(info.context.principal.id or info.context.principal.kind)
