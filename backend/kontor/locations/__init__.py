"""Places that hold stock or serve customers, with their calendars, abilities, costs and shipping tariffs.

Owns: `StockLocation`, `ShippingTariff`. A location's code is unique; a partner's location names its partner. Partners
and stores see their own, a shop the active places its customers may come to. Records StockLocationsSaved.
"""
