"""The real servers that tests run against; nothing here is a double."""
