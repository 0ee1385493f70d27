"""The real servers that tests run against, and the browser; nothing here is a double."""
