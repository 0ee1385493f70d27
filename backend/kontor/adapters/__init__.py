"""One folder per port, one module per vendor. Adapters see ports and value types, never services."""
