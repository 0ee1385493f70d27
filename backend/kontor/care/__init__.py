"""Cases: what a person has to look after, with an owner and a deadline.

Owns: `Case`. A case of one kind about one thing is open once. Seen by care, operations and administrators.
"""
