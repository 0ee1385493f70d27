"""Tax rates by country, class and date of supply, and how tax is taken out of or put onto an amount.

Owns: `TaxRate`. At any day one rate per country and class; future rates are entered ahead.
"""
