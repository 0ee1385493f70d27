"""Takes recorded payments over with their orders: captured on shipment, balanced every day, differences left open."""
