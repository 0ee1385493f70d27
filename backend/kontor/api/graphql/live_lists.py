"""The lists that can be followed. Each is seen by who may read the list itself, within the same scope."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import strawberry

from kontor.api.graphql.care import Case, CasesFilter
from kontor.api.graphql.context import Info
from kontor.api.graphql.fulfillment_filters import (
    FulfillmentOrdersFilter,
    ParcelsFilter,
    ShipmentsFilter,
)
from kontor.api.graphql.fulfillment_types import (
    FulfillmentOrder,
    Parcel,
    Shipment,
)
from kontor.api.graphql.invoicing import Invoice, InvoicesFilter, show_invoice
from kontor.api.graphql.live import ABOUT, CatchUp, Followed, Narrow, Update, follow
from kontor.api.graphql.order_inputs import OrdersFilter, filtered
from kontor.api.graphql.order_types import Order, show_order
from kontor.api.graphql.payment_types import Payment, PaymentsFilter, Refund, RefundsFilter, show_payment, show_refund
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.processes import ProcessInstance, ProcessInstancesFilter, UserTask, UserTasksFilter
from kontor.api.graphql.returns import Return, ReturnsFilter
from kontor.api.graphql.risk import RiskAssessment, RiskAssessmentsFilter
from kontor.auth.permissions import Permission
from kontor.care import models as care_models
from kontor.care import queries as care
from kontor.fulfillment import lists as fulfillment_lists
from kontor.fulfillment import models as fulfillment_models
from kontor.fulfillment import queries as fulfillment
from kontor.invoicing import models as invoicing_models
from kontor.invoicing import queries as invoicing
from kontor.orders import models as order_models
from kontor.orders import queries as orders
from kontor.payments import lists as payment_lists
from kontor.payments import models as payment_models
from kontor.payments import queries as payments
from kontor.processes import models as process_models
from kontor.processes import queries as processes
from kontor.returns import models as return_models
from kontor.returns import queries as returns
from kontor.risk import models as risk_models
from kontor.risk import queries as risk

ORDERS = Followed(order_models.Order, orders.visible_to, show_order)
FULFILLMENT_ORDERS = Followed(fulfillment_models.FulfillmentOrder, fulfillment.visible_to, FulfillmentOrder.of)
SHIPMENTS = Followed(fulfillment_models.Shipment, fulfillment.shipments_visible_to, Shipment.of)
PARCELS = Followed(fulfillment_models.Parcel, fulfillment.parcels_visible_to, Parcel.of)
RETURNS = Followed(return_models.Return, returns.visible_to, Return.of)
PAYMENTS = Followed(payment_models.Payment, payments.payments_visible_to, show_payment)
REFUNDS = Followed(payment_models.Refund, payments.refunds_visible_to, show_refund, partial(show_refund, outside=True))
INVOICES = Followed(invoicing_models.Invoice, invoicing.invoices_visible_to, show_invoice)
CASES = Followed(care_models.Case, care.visible_to, Case.of)
USER_TASKS = Followed(process_models.UserTask, processes.tasks_visible_to, UserTask.of)
PROCESS_INSTANCES = Followed(process_models.ProcessInstance, processes.instances_visible_to, ProcessInstance.of)
RISK_ASSESSMENTS = Followed(risk_models.RiskAssessment, risk.visible_to, RiskAssessment.of)


def _by(narrowed: Callable[[Any, Any], Any], filter: Any) -> Narrow | None:
    """A narrowing of a domain package with the caller's filter; the lists themselves narrow by the same."""
    if filter is None:
        return None
    wanted = filter.value()
    return lambda found: narrowed(found, wanted)


@strawberry.type
class OrderListsSubscription:
    @strawberry.subscription(
        description=f"{ABOUT} Holds are followed here, with `onHold`.", extensions=[requires(Permission.ORDERS_READ)]
    )
    async def orders_changed(
        self, info: Info, filter: OrdersFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[Order]]:
        async for update in follow(info, ORDERS, lambda found: filtered(found, filter), changed_since):
            yield update

    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.PAYMENTS_READ)])
    async def payments_changed(
        self, info: Info, filter: PaymentsFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[Payment]]:
        async for update in follow(info, PAYMENTS, _by(payment_lists.payments_narrowed, filter), changed_since):
            yield update

    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.PAYMENTS_READ)])
    async def refunds_changed(
        self, info: Info, filter: RefundsFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[Refund]]:
        async for update in follow(info, REFUNDS, _by(payment_lists.refunds_narrowed, filter), changed_since):
            yield update

    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.INVOICES_READ)])
    async def invoices_changed(
        self, info: Info, filter: InvoicesFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[Invoice]]:
        narrow = None if filter is None else filter.apply
        async for update in follow(info, INVOICES, narrow, changed_since):
            yield update


@strawberry.type
class FulfillmentListsSubscription:
    @strawberry.subscription(
        description=f"{ABOUT} Work that is moved to another place ends here as canceled; what comes of it is work of"
        " that place.",
        extensions=[requires(Permission.FULFILLMENT_READ)],
    )
    async def fulfillment_orders_changed(
        self, info: Info, filter: FulfillmentOrdersFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[FulfillmentOrder]]:
        narrow = _by(fulfillment_lists.narrowed, filter)
        async for update in follow(info, FULFILLMENT_ORDERS, narrow, changed_since):
            yield update

    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.FULFILLMENT_READ)])
    async def shipments_changed(
        self, info: Info, filter: ShipmentsFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[Shipment]]:
        async for update in follow(info, SHIPMENTS, _by(fulfillment_lists.shipments_narrowed, filter), changed_since):
            yield update

    @strawberry.subscription(
        description=f"{ABOUT} Without the voided ones unless states are named.",
        extensions=[requires(Permission.FULFILLMENT_READ)],
    )
    async def parcels_changed(
        self, info: Info, filter: ParcelsFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[Parcel]]:
        narrow = _by(fulfillment_lists.parcels_narrowed, filter or ParcelsFilter())
        async for update in follow(info, PARCELS, narrow, changed_since):
            yield update

    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.RETURNS_READ)])
    async def returns_changed(
        self, info: Info, filter: ReturnsFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[Return]]:
        async for update in follow(info, RETURNS, _by(returns.narrowed, filter), changed_since):
            yield update


@strawberry.type
class CareListsSubscription:
    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.CARE_READ)])
    async def cases_changed(
        self, info: Info, filter: CasesFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[Case]]:
        async for update in follow(info, CASES, _by(care.narrowed, filter), changed_since):
            yield update

    @strawberry.subscription(
        description=f"{ABOUT} The open tasks unless states are named.", extensions=[requires(Permission.PROCESSES_READ)]
    )
    async def user_tasks_changed(
        self, info: Info, filter: UserTasksFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[UserTask]]:
        narrow = _by(processes.tasks_narrowed, filter or UserTasksFilter())
        async for update in follow(info, USER_TASKS, narrow, changed_since):
            yield update

    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.PROCESSES_READ)])
    async def process_instances_changed(
        self, info: Info, filter: ProcessInstancesFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[ProcessInstance]]:
        narrow = _by(processes.instances_narrowed, filter)
        async for update in follow(info, PROCESS_INSTANCES, narrow, changed_since):
            yield update

    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.RISK_REVIEW, Permission.RISK_WRITE)])
    async def risk_assessments_changed(
        self, info: Info, filter: RiskAssessmentsFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[RiskAssessment]]:
        async for update in follow(info, RISK_ASSESSMENTS, _by(risk.narrowed, filter), changed_since):
            yield update
