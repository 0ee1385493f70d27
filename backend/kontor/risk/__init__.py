"""Is this order to be trusted? Lists, velocity, amount, address and payment abnormalities; a decision with reasons.

Owns: `RiskAssessment`, `RiskRule`, `RiskListEntry`. The rules are pure; REVIEW holds the order for a person.
Records RiskAssessed.
"""
