"""Stock levels, the movement ledger, allocations, reservations, inbound stock, and what can be promised.

Owns: `StockLevel`, `StockMovement`, `Allocation`, `Reservation`, `InboundStock`, `CapacityUse`. Every change of a
quantity is a movement; counters equal the sum of their movements; on hand is never negative and never below what is
allocated. Stock rows are locked in the order (location, variant). Records StockArrived,
AllocationsReleased, BackorderFilled, BackorderRescheduled. Orders are locked before stock: see `promises`.
"""
