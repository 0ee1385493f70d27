"""Events pushed to partners and channels by the Standard Webhooks specification.

Owns: `WebhookEndpoint`, `EventDelivery`. An endpoint sees only the events its owner may see. A delivery keeps its id
over retries and replays. Never sends to private addresses unless the installation allows it.
"""
