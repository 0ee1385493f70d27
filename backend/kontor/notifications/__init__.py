"""What we tell whom and when: message texts per language and the port by which they leave.

Invariants: every message exists in every language with the same facts; the plain text says all that the HTML says;
a message is sent once, known by its message id.
"""
