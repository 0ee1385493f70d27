"""Orders: taking them, holding them, canceling parts, and what their parts add up to.

Owns: `Order`, `OrderLine`, `OrderCharge`, `PriceAdjustment`, `OrderHold`. For every line canceled + unallocated +
backordered + allocated + shipped = ordered. Amounts are frozen when the order is taken. An order with an open blocking
hold releases nothing. Shop clients see their channels' orders, a customer its own, a partner none (it sees its
fulfillment orders). Records OrderPlaced, OrderConfirmed, HoldPlaced, HoldReleased, OrderLinesCanceled, OrderCanceled,
OrderRejected, OrderFulfilled, OrderDelivered, OrderCompleted.
"""
