"""The ground every package stands on: database, outbox, jobs, money, clock. A closed list of modules."""
