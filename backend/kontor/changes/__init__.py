"""Changes of orders that were taken: previewed, confirmed, and settled when every place that was asked has answered.

Owns: `OrderChange`. A preview computes everything a change does (pieces, prices, discounts, tax, fees, money, places,
message) and writes nothing; it carries a token over all of that, and what is confirmed is what was previewed or is
refused with what moved. Lines that a change does not name stay as they are. One change of an order is open at a time.
Records OrderLinesAdded, DeliveryChanged, OrderChangeAsked, OrderChangeConfirmed, OrderChangeDeclined,
OrderChangeCanceled.
"""
