"""Rows of what orders alone do not bring: rules, tasks of people, the audit trail, dead jobs, older definitions."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.models import AuditEntry
from kontor.banking.models import (
    BankEntry,
    BankStatement,
    GatewayDifference,
    GatewayPayout,
    GatewayPayoutLine,
    PayoutFile,
)
from kontor.catalog.models import ProductVariant
from kontor.channels.models import LegalEntity, SalesChannel
from kontor.claims.models import Claim, Goodwill
from kontor.claims.states import ClaimKind, ClaimState, GoodwillForm, GoodwillReason, GoodwillState
from kontor.core.db import Database, Session
from kontor.core.ids import new_id
from kontor.core.outbox import OutboxRow
from kontor.dropship.models import Objection
from kontor.dropship.states import Measure, ObjectionState
from kontor.exchanges.models import Exchange, ExchangeLine
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.fulfillment.models import FulfillmentOrder
from kontor.giftcards.models import GiftCard
from kontor.invoicing.models import DunningNotice, Invoice, OpenItem
from kontor.ledger.models import LedgerExport
from kontor.locations.models import StockLocation
from kontor.orders.models import Order, OrderLine
from kontor.partners.models import Partner
from kontor.payments.mandates import MandateKind
from kontor.payments.models import Dispute, DisputeAction, Mandate, Payment
from kontor.payments.states import DisputeState
from kontor.processes.models import ProcessDefinition, ProcessInstance, UserTask
from kontor.processes.states import UserTaskState
from kontor.promotions.models import Coupon, Promotion, Redemption
from kontor.promotions.values import BenefitKind, Combination, ReturnRule
from kontor.returns.models import Return
from kontor.returns.states import ReturnReason, ReturnState
from kontor.risk.models import RiskListEntry, RiskRule
from kontor.routing.models import (
    RoutingExclusion,
    RoutingMove,
    RoutingPolicy,
    RoutingRun,
    RoutingSimulation,
    RoutingSimulationOrder,
    ShadowPrice,
    ShadowPriceRun,
)
from kontor.routing.states import SimulationState
from kontor.tax.models import TaxRegion, VatId, VatIdCheck
from kontor.tax.territories import RateScope, RegionStatus
from kontor.tax.vat_ids import CheckOutcome, VatIdStatus

_SIMULATED = {
    "since": "2026-01-01T00:00:00+00:00", "until": "2026-02-01T00:00:00+00:00", "channel_ids": None, "countries": None,
    "limit": 10, "policy": {"name": "COST"},
}  # fmt: skip
_RECORD = {
    "policy": "COST", "cost": 0, "true_cost": 0, "gap": 0, "terms": {}, "parcels": [], "unsent": [], "candidates": [],
    "omitted": 0, "eliminated": [], "runner_up": None,
}  # fmt: skip


async def _at_gateways(db: Session, index: int, entity_id: UUID) -> None:
    """A dispute with an answer, a payout with a line, and a difference."""
    at, dispute_id, payout_id = db.now - timedelta(minutes=index), new_id(), new_id()
    payment = (await db.scalars(sa.select(Payment).order_by(Payment.id).limit(1))).one()
    db.add_all(
        [
            Dispute(
                id=dispute_id, gateway="", reference=f"dp_{index}", payment_id=payment.id, order_id=payment.order_id,
                state=DisputeState.LOST, inquiry=False, reason="general", currency="EUR", amount=100, fee=0,
                fee_currency="EUR", held=True, rounds=0, due_at=at, reminded=0, told_at=at, rank=2, opened_at=at,
                closed_at=at, updated_at=at,
            ),
            GatewayPayout(
                id=payout_id, gateway="", reference=f"po_{index}", legal_entity_id=entity_id, amount=0, fees=0,
                currency="EUR", lines=1, arrives_on=at.date(), descriptor="", entry_id=None, imported_at=at,
                imported_by="test", updated_at=at,
            ),
            GatewayDifference(
                id=new_id(), kind="SUM_DIFFERS", subject_id=payout_id, legal_entity_id=entity_id, gateway="",
                payout_id=None, line_id=None, transaction_id=None, order_id=None, amount=1, currency="EUR", detail="",
                cleared=0, explanation=None, reason=None, opened_at=at, closed_at=None, closed_by=None, updated_at=at,
            ),
        ]
    )  # fmt: skip
    await db.flush()
    db.add_all(
        [
            DisputeAction(
                id=new_id(), dispute_id=dispute_id, kind="ACCEPT", outcome="SUCCEEDED", texts={}, documents=[],
                error=None, asked_at=at, asked_by="test", finished_at=at,
            ),
            GatewayPayoutLine(
                id=new_id(), payout_id=payout_id, gateway="", reference=f"ln_{index}", category="OTHER", amount=0,
                fee=0, currency="EUR", original=None, original_currency=None, source="", description="",
                occurred_at=at, transaction_id=None, dispute_id=None, order_id=None, detail="", cleared=0,
                cleared_currency="EUR",
            ),
        ]
    )  # fmt: skip


async def _books(db: Session, index: int, order_id: UUID, entity_id: UUID, invoice_id: UUID) -> None:
    """What finance keeps: an export, what is open, a statement and what came in with it."""
    at, statement_id = db.now - timedelta(minutes=index), new_id()
    db.add_all(
        [
            LedgerExport(
                id=new_id(), number=f"L{index}", legal_entity_id=entity_id, sequence=index + 1, since=None,
                until=at.date(), entries=1, files=[], created_at=at, created_by="test", finished_at=at,
            ),
            OpenItem(
                id=new_id(), kind="OVERPAYMENT", legal_entity_id=entity_id, order_id=order_id, number=f"O{index}",
                currency="EUR", amount=-5, open=-5, since=at, due_on=at.date(), updated_at=at,
            ),
            PayoutFile(
                id=new_id(), number=f"P{index}", legal_entity_id=entity_id, sequence=index + 1, execute_on=at.date(),
                transfers=1, total=100, sha256=None, document_id=None, created_at=at, created_by="test",
            ),
            DunningNotice(
                id=new_id(), invoice_id=invoice_id, order_id=order_id, level=index + 1, fee=0, claimed=100,
                currency="EUR", due_on=at.date(), issued_at=at, fee_settled_at=at, fee_waived=False,
            ),
            BankStatement(
                id=statement_id, legal_entity_id=entity_id, iban="DE89370400440532013000", reference=f"S{index}",
                currency="EUR", opening=0, closing=100, ends_on=at.date(), entries=1, sha256="", imported_at=at,
                imported_by="test",
            ),
        ]
    )  # fmt: skip
    await db.flush()
    db.add(BankEntry(
        id=new_id(), statement_id=statement_id, legal_entity_id=entity_id, iban="DE89370400440532013000",
        reference=f"E{index}", amount=100, assigned=0, currency="EUR", booked_on=at.date(), name="G", counter_iban="",
        end_to_end="", purpose="", set_aside=False, updated_at=at,
    ))  # fmt: skip


async def _taxes(db: Session, index: int) -> None:
    """A region, a VAT id and what its register said."""
    at, vat_id, check_id = db.now - timedelta(minutes=index), new_id(), new_id()
    db.add_all(
        [
            TaxRegion(
                id=new_id(), country="DE", postal_from=f"{index:05}", postal_to=f"{index:05}", region="", name="Place",
                taxed_as="DE", status=RegionStatus.INSIDE, scope=RateScope.ARRIVAL, note="", valid_from=at.date(),
                created_at=at,
            ),
            VatId(
                id=vat_id, number=f"ATU{index:08}", status=VatIdStatus.VALID, check_id=check_id, checked_at=at,
                unanswered=0, due_at=at, created_at=at, updated_at=at,
            ),
        ]
    )  # fmt: skip
    await db.flush()
    db.add(
        GiftCard(
            id=new_id(), digest=f"{index:064}", ending="ABCD", order_id=new_id(), multi_purpose=True, currency="EUR",
            face_value=0, balance=0, reserved=0, issued_at=at, updated_at=at,
        )
    )  # fmt: skip
    db.add(
        VatIdCheck(
            id=check_id, vat_id_id=vat_id, number=f"ATU{index:08}", outcome=CheckOutcome.VALID, register="VIES",
            proof="W1", asked_at=at, asked_by="test",
        )
    )  # fmt: skip


async def _given(db: Session, index: int) -> None:
    """Goodwill that was not granted, a claim that was denied, and an exchange that came to nothing."""
    at = db.now - timedelta(minutes=index)
    order_id = (await db.scalars(sa.select(Order.id).order_by(Order.id).limit(1))).one()
    line = (await db.scalars(sa.select(OrderLine).where(OrderLine.order_id == order_id).limit(1))).one()
    return_id, exchange_id = new_id(), new_id()
    db.add(
        Return(
            id=return_id, number=f"RX-{index}", order_id=order_id, state=ReturnState.CANCELED, currency="EUR", fee=0,
            requested_at=at, requested_by="test", updated_at=at,
        )
    )  # fmt: skip
    await db.flush()
    db.add(
        Exchange(
            id=exchange_id, number=f"X-{index}", order_id=order_id, state=ExchangeState.CANCELED,
            way=ExchangeWay.AFTER_RETURN, replacement=False, reason=ReturnReason.TOO_SMALL, note="", currency="EUR",
            return_id=return_id, asked=0, code="NOT_RETURNED", requested_at=at, requested_by="test", updated_at=at,
        )
    )  # fmt: skip
    await db.flush()
    db.add_all(
        [
            ExchangeLine(
                id=new_id(), exchange_id=exchange_id, order_line_id=line.id, quantity=1, sku=line.sku, name=line.name,
                given=0, added=[],
            ),
            Goodwill(
                id=new_id(), order_id=order_id, form=GoodwillForm.REFUND, state=GoodwillState.DECLINED, currency="EUR",
                amount=100, reason=GoodwillReason.LATE, note="", requested_at=at, requested_by="test", updated_at=at,
            ),
            Claim(
                id=new_id(), number=f"C-{index}", order_id=order_id, kind=ClaimKind.MISSING, state=ClaimState.DENIED,
                note="", returns_goods=False, opened_at=at, opened_by="test", updated_at=at,
            ),
        ]
    )  # fmt: skip


async def _mandate(db: Session, index: int, channel_id: UUID) -> None:
    """A permission to debit an account; every second one was withdrawn."""
    at = db.now - timedelta(minutes=index)
    db.add(
        Mandate(
            id=new_id(), channel_id=channel_id, creditor_id="DE98ZZZ09999999999", reference=f"M-{index}",
            kind=MandateKind.CORE, once=False, signed_on=at.date(), name="Greta Fock", iban="DE89370400440532013000",
            revoked_at=at if index % 2 else None, created_at=at, created_by="test", updated_at=at,
        )
    )  # fmt: skip


async def fill_rest(database: Database, count: int) -> None:
    """Rows in every list that the life of orders leaves empty."""
    async with database.unit_of_work() as db:
        newest = (await db.scalars(sa.select(ProcessDefinition).limit(1))).one()
        instances = list(await db.scalars(sa.select(ProcessInstance).order_by(ProcessInstance.id).limit(count)))
        places = list(await db.scalars(sa.select(StockLocation.id).order_by(StockLocation.id)))
        place_id = places[0]
        invoice_id = (await db.scalars(sa.select(Invoice.id).order_by(Invoice.id).limit(1))).one()
        entity_id = (await db.scalars(sa.select(LegalEntity.id).order_by(LegalEntity.id).limit(1))).one()
        channel_id = (await db.scalars(sa.select(SalesChannel.id).order_by(SalesChannel.id).limit(1))).one()
        variants = list(await db.scalars(sa.select(ProductVariant.id).order_by(ProductVariant.id).limit(count)))
        partner_id = (await db.scalars(sa.select(Partner.id).order_by(Partner.id).limit(1))).one()
        work = list(await db.scalars(sa.select(FulfillmentOrder.id).order_by(FulfillmentOrder.id).limit(count)))
        db.add_all(
            Objection(
                id=new_id(), partner_id=partner_id, fulfillment_order_id=row_id, measure=Measure.RETURNED,
                state=ObjectionState.OPEN, reason="because", created_at=db.now - timedelta(minutes=index),
                created_by="test", updated_at=db.now,
            )
            for index, row_id in enumerate(work)
        )  # fmt: skip
        for index in range(count):
            at, run_id, price_run_id = db.now - timedelta(minutes=index), new_id(), new_id()
            instance = instances[index % len(instances)]
            simulation_id = new_id()
            db.add_all(
                [
                    RiskRule(id=new_id(), code=f"rule-{index}", condition="total > 5", score=1, text={}),
                    RoutingPolicy(
                        id=new_id(), code=f"policy-{index}", version=1, weights={}, rules=[], valid_from=None,
                        created_at=at, created_by="test",
                    ),
                    RoutingSimulation(
                        id=simulation_id, state=SimulationState.DONE, request=_SIMULATED, result={}, carried=[],
                        total=0, done=0, created_at=at, created_by="test", finished_at=at,
                    ),
                    RoutingSimulationOrder(
                        id=new_id(), simulation_id=simulation_id, decision_id=new_id(), order_id=instance.order_id,
                        saving=index, before=_RECORD, after=_RECORD,
                    ),
                    Promotion(
                        id=new_id(), code=f"promotion-{index}", name="Sale", kind=BenefitKind.FREE_SHIPPING,
                        combination=Combination.STACKABLE, return_rule=ReturnRule.KEEP_SHARE, priority=0, coupon=True,
                        benefit={"kind": "FREE_SHIPPING"}, scope={}, conditions={}, valid_from=at, created_at=at,
                        created_by="test",
                    ),
                    Coupon(
                        id=new_id(), code=f"COUPON-{index}", promotion_code=f"promotion-{index}", batch_id=new_id(),
                        most_uses=1, uses=0, created_at=at, created_by="test",
                    ),
                    Redemption(
                        id=new_id(), order_id=new_id(), promotion_id=new_id(), promotion_code=f"promotion-{index}",
                        amount=1, currency="EUR", redeemed_at=at,
                    ),
                    RiskListEntry(
                        id=new_id(), kind="EMAIL", value=f"{index}@bad.example", blocked=True, reason="stolen cards",
                        created_at=at, created_by="test",
                    ),
                    UserTask(
                        id=new_id(), instance_id=instance.id, order_id=instance.order_id, token=f"t{index}",
                        name="review", role=None, state=UserTaskState.OPEN, created_at=at,
                    ),
                    AuditEntry(
                        id=new_id(), at=at, principal_kind="USER", principal_id=new_id(), principal_name="Anna",
                        operation="placeHold", targets=[f"order:{instance.order_id}"], details={},
                    ),
                    OutboxRow(
                        job="webhooks.deliver", key=None, event_id=None, args={}, due_at=at, available_at=at,
                        attempts=15, dead=True, last_error="away",
                    ),
                    RoutingRun(id=run_id, occasion="MANUAL", requested_at=at, requested_by="test"),
                    ShadowPriceRun(id=price_run_id, requested_at=at, requested_by="test"),
                    RoutingExclusion(  # of an order that nobody has: it shuts nothing
                        id=new_id(), location_id=place_id, order_id=new_id(), reason="full",
                        until=at + timedelta(hours=2), created_at=at, created_by="test",
                    ),
                    ProcessDefinition(
                        id=new_id(), key=f"variant-{index}", version=1, name="Variant", xml=newest.xml,
                        sha256=f"{index:064}", deployed_at=at, deployed_by="test",
                    ),
                ]
            )  # fmt: skip
            await db.flush()
            await _taxes(db, index)
            await _books(db, index, instance.order_id, entity_id, invoice_id)
            await _at_gateways(db, index, entity_id)
            await _given(db, index)
            await _mandate(db, index, channel_id)
            db.add(
                RoutingMove(id=new_id(), run_id=run_id, order_id=instance.order_id, decision_id=new_id(), gain=index)
            )
            turn, number = divmod(index, len(variants))
            if turn < len(places):
                db.add(
                    ShadowPrice(
                        id=new_id(), variant_id=variants[number], location_id=places[turn], cents=index,
                        computed_at=at, run_id=price_run_id,
                    )
                )  # fmt: skip
