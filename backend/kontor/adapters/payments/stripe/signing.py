"""The signature of Stripe's events (docs.stripe.com/webhooks/signature): HMAC-SHA256 over time and body."""

import hashlib
import hmac
from collections.abc import Iterable

TOLERANCE_SECONDS = 300
_SCHEME = "v1"


def header_value(body: bytes, secrets: Iterable[str], *, at: int) -> str:
    """The `Stripe-Signature` of a body at a Unix time; Stripe signs with every secret that is in force."""
    return ",".join([f"t={at}", *(f"{_SCHEME}={_digest(body, secret, at)}" for secret in secrets)])


def is_genuine(header: str, body: bytes, secrets: Iterable[str], *, now: float) -> bool:
    """Whether one of the signatures is ours by one of the secrets, and young enough.

    An event that was caught and is played again later is refused by its age; one from the future, which nobody can
    have caught, by the same distance.
    """
    times, signatures = [], []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isascii() and value.isdigit():
            times.append(int(value))
        elif name == _SCHEME:
            signatures.append(value)
    if len(times) != 1 or abs(now - times[0]) > TOLERANCE_SECONDS:
        return False
    expected = [_digest(body, secret, times[0]) for secret in secrets]
    # Every pair is compared, so that the time taken tells nothing of which secret is in force.
    matches = [hmac.compare_digest(ours.encode(), theirs.encode()) for ours in expected for theirs in signatures]
    return any(matches)


def _digest(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
