"""Whatever happens to an order has words in both languages, and each word is of use."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum

import pytest

from kontor import bootstrap
from kontor.care.states import CaseState
from kontor.care.values import CaseKind
from kontor.core.outbox import EVENTS as DECLARED
from kontor.core.principal import ANONYMOUS, SYSTEM
from kontor.fulfillment.states import ParcelState
from kontor.orders.states import HoldKind
from kontor.payments.states import DisputeState, PaymentMethodKind, RefundState
from kontor.processes.states import InstanceState, UserTaskState
from kontor.timeline import telling
from kontor.timeline.kinds import EVENTS, SOURCES, STEPS, readable
from kontor.timeline.values import Source, TimelineKind

# Events that are the story of something else: of articles, prices, places, partners, the bank, cards, endpoints.
ELSEWHERE = {
    "AgreementMade", "BankEntryExplained", "BankEntrySuspended", "BrandSaved", "CouponsBlocked", "CouponsGenerated",
    "CustomerMerged", "CustomersErased", "CustomersSaved", "GatewayDifferenceExplained", "GatewayPayoutArrived",
    "GatewayPayoutConverted", "GatewayPayoutImported", "GatewayPayoutUndone", "GiftCardExpired", "ObjectionDecided",
    "ObjectionMade", "OffersApproved", "OffersReturned", "OffersSent", "OffersWithdrawn", "PartnerActivated",
    "PartnerChanged", "PartnerEnded", "PartnerInvited", "PartnerOnboarding", "PartnerPersonInvited",
    "PartnerReminded", "PartnerSuspended", "PlannedPricesWithdrawn", "PoolCodesAdded", "PriceListsSaved", "PricesSet",
    "ProductsSaved", "PromotionEnded", "PromotionSaved", "SalesChannelsSaved", "ShippingTariffsSaved", "StockArrived",
    "StockLocationsSaved", "VatIdConfirmed", "VatIdRefused", "WebhookEndpointDisabled",
}  # fmt: skip
# Steps that something else tells: a refund that goes out or fails is an event, a parcel is made when it is shipped,
# and events tell that it is lost or back.
TOLD_OTHERWISE: dict[str, set[StrEnum]] = {
    "parcel": {ParcelState.CREATED, ParcelState.LOST, ParcelState.RETURNED},
    "refund": {RefundState.AWAITING_APPROVAL, RefundState.SUCCEEDED, RefundState.FAILED},
    "user_task": {UserTaskState.OPEN},
}
STATES: dict[str, type[StrEnum]] = {
    "parcel": ParcelState,
    "refund": RefundState,
    "care_case": CaseState,
    "user_task": UserTaskState,
    "process_instance": InstanceState,
}
# What is made of a fact besides its payload.
MADE = {"articles", "case", "parcel", "parcels", "place", "places", "process", "return", "task", "work"}
LETTER = {"template", "subject", "recipient", "message", "sent_at"}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def names_of_facts() -> Iterable[str]:
    yield from EVENTS
    yield from (f"{entity}.{state}" for entity, (_, states) in STEPS.items() for state in states)
    yield from ("refund", "decision", "decision.nothing", "process", "task")
    yield from ("message.sent", "message.waits", "message.failed")


def test_every_event_of_an_order_has_a_kind() -> None:
    bootstrap.load_models()
    declared = {name for name, event in DECLARED.items() if event.__module__.startswith("kontor.")}
    assert declared == set(EVENTS) | ELSEWHERE
    assert not set(EVENTS) & ELSEWHERE


def test_every_step_is_told_or_told_otherwise() -> None:
    assert set(STEPS) == set(STATES)
    for entity, (_, told) in STEPS.items():
        assert set(told) | TOLD_OTHERWISE.get(entity, set()) == set(STATES[entity]), entity
    assert set(SOURCES) == set(Source) - {Source.EVENT, Source.STATE}


@pytest.mark.parametrize("language", telling.LANGUAGES)
def test_every_fact_has_words_that_it_can_fill(language: str) -> None:
    words = telling.words(language)
    texts = {key.removeprefix("text."): text for key, text in words.items() if key.startswith("text.")}
    assert set(texts) == set(names_of_facts())
    bootstrap.load_models()
    for name, text in texts.items():
        known = MADE | LETTER | {"amount", "kind", "reason", "occasion", "note"}
        if name in EVENTS:
            known = MADE | {item.name for item in fields(DECLARED[name])}
        assert placeholders(text) <= known, name


def test_languages_say_the_same() -> None:
    english, german = telling.words("en"), telling.words("de")
    assert list(english) == list(german)
    for key, text in english.items():
        assert placeholders(text) == placeholders(german[key]), key
    assert {f"code.case.{kind}" for kind in CaseKind} <= set(english)
    codes: tuple[type[StrEnum], ...] = (PaymentMethodKind, HoldKind, DisputeState, *STATES.values())
    assert {f"code.{code}" for kind in codes for code in kind} <= set(english)
    refunds = [key for key in english if re.search("Refund", key)]
    assert refunds
    assert all("refund" in english[key].lower() and "rstattung" in german[key] for key in refunds)


def test_who_may_not_see_money_is_told_nothing_of_it() -> None:
    assert readable(SYSTEM, None) == set(TimelineKind)
    assert readable(SYSTEM, [TimelineKind.MONEY]) == {TimelineKind.MONEY}
    assert readable(ANONYMOUS, None) == set()
