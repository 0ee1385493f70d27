"""Plain HTTP: sessions, health, metrics and pages."""
