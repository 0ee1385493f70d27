"""What was said with customers: calls, notes, mails and chats about an order or a person.

Owns: `Contact`. A contact is never changed: a mistake is put right by another one that names it. A follow-up is raised
as a case on its day and done by whoever looked after it.
"""
