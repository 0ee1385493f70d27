"""How partners work for us: deadlines of their answers and parcels, their figures, and objections to them.

Owns: `StockAge`, `Objection`. Figures are counted from fulfillment orders, shipments and stock levels and stored
nowhere, but for the age of stock figures, which nothing else remembers. An order whose objection was upheld counts in
no figure it was about. A partner sees its own figures. Records PartnerReminded, FulfillmentOverdue, ObjectionMade,
ObjectionDecided.
"""
