"""Real invoices and cancellations of a wholesaler replayed as sales and returns.

Each row of the file is counted exactly once: sold, kept as a charge, returned, credited, or refused with a reason.
"""
