"""What customers of a headless shop may do alone: rules per channel, kept as data, asked before anything is done.

Owns: `SelfServicePolicy`. The operations are those of the staff; a rule only says when a customer may call them.
"""
