"""Where each line of an order is served from.

Owns routing policies and decisions. The rules are pure: `plan(demand, supply, policy)` is a function of its
arguments alone, in integer cents, whole units and whole days, and gives the same plan for the same input in any order.
Invariants: what is planned plus what stays unsent is what was ordered; a plan never takes more than is available;
the cost terms of a plan sum to its cost; ties go to the place of higher priority, then of lower id.
"""
