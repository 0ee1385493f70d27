"""Signatures of webhooks by the Standard Webhooks specification: HMAC-SHA256 over id, timestamp and body."""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from kontor.core.errors import Forbidden, InvalidInput

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

# The specification asks for 24 to 64 random bytes, and receivers to refuse what is older than a few minutes.
_SECRET_BYTES = 32
_TOLERANCE = timedelta(minutes=5)


class SignatureRefused(Forbidden):
    """The message is not genuine, was changed, or is too old to be taken."""

    default_code = "WEBHOOK_SIGNATURE_REFUSED"


def new_secret() -> str:
    """A fresh signing secret in the form `whsec_<base64>`."""
    return "whsec_" + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secrets_in_use: Sequence[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers for one attempt; `at` is the time of the attempt, the id stays the same in all of them.

    While a secret is rotated both are given, the new one first: the receiver accepts either. Raises `InvalidInput`
    without a usable secret, or for an id with a dot, which would make two messages look alike once joined.
    """
    if not secrets_in_use:
        raise InvalidInput("A webhook needs a signing secret.", code="WEBHOOK_SECRET_INVALID")
    if not message_id or "." in message_id:
        raise InvalidInput("A webhook id has no dots.", code="WEBHOOK_ID_INVALID")
    at = at.astimezone(UTC)
    signatures = [_signature(secret, message_id, at, body) for secret in secrets_in_use]
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(int(at.timestamp())),
        SIGNATURE_HEADER: " ".join(signatures),
    }


def verify(secrets_in_use: Sequence[str], *, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Check a message against any of the secrets and return its id; raises `SignatureRefused`."""
    lowered = {name.lower(): value for name, value in headers.items()}
    message_id = lowered.get(ID_HEADER, "")
    timestamp = lowered.get(TIMESTAMP_HEADER, "")
    given = lowered.get(SIGNATURE_HEADER, "")
    if not message_id or not given or not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 11:
        raise SignatureRefused("The webhook headers are missing or malformed.")
    at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(now - at) > _TOLERANCE:
        raise SignatureRefused("The webhook is too old or from the future.")
    expected = [_signature(secret, message_id, at, body).encode() for secret in secrets_in_use]
    offered = [part.encode() for part in given.split(" ")]
    # Every pair is compared, in constant time each: how long it takes tells nothing about which secret was near.
    matches = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in offered]
    if not any(matches):
        raise SignatureRefused("The webhook signature does not match.")
    return message_id


def _signature(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    try:
        return Webhook(secret).sign(message_id, at, body.decode())
    except UnicodeDecodeError as exception:
        raise InvalidInput("A webhook body is UTF-8 text.", code="WEBHOOK_BODY_INVALID") from exception
    except (ValueError, EmptyWebhookSecretError) as exception:
        raise InvalidInput("A webhook secret is base64 after whsec_.", code="WEBHOOK_SECRET_INVALID") from exception
