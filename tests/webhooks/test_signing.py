"""Signatures that any Standard Webhooks receiver accepts, and only for what was signed."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook

from kontor.core.errors import InvalidInput
from kontor.webhooks.signing import SignatureRefused, new_secret, sign, verify

# The example of the specification's reference libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signature_equals_the_published_example() -> None:
    assert sign([SECRET], message_id=MESSAGE, at=AT, body=BODY) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_other_time_zone_signs_the_same_moment() -> None:
    berlin = AT.astimezone(timezone(timedelta(hours=1)))

    assert sign([SECRET], message_id=MESSAGE, at=berlin, body=BODY)["webhook-signature"] == SIGNATURE


def test_library_of_the_receiver_accepts_it() -> None:
    headers = sign([SECRET], message_id="msg_1", at=datetime.now(UTC), body='{"name": "Jürgen"}'.encode())

    assert Webhook(SECRET).verify('{"name": "Jürgen"}', headers) == {"name": "Jürgen"}


def test_message_verifies_to_its_id_whatever_the_case_of_headers() -> None:
    headers = {name.title(): value for name, value in sign([SECRET], message_id=MESSAGE, at=AT, body=BODY).items()}

    assert verify([SECRET], headers=headers, body=BODY, now=AT) == MESSAGE


def test_both_secrets_are_valid_during_rotation() -> None:
    old, new = new_secret(), new_secret()
    headers = sign([new, old], message_id=MESSAGE, at=AT, body=BODY)

    assert verify([old], headers=headers, body=BODY, now=AT) == MESSAGE
    assert verify([new], headers=headers, body=BODY, now=AT) == MESSAGE
    with pytest.raises(SignatureRefused):
        verify([new_secret()], headers=headers, body=BODY, now=AT)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "-5"},
        {"webhook-timestamp": "9" * 30},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": "v1,ä"},
        {"webhook-signature": SIGNATURE.replace("v1", "v2")},
        {"webhook-signature": ""},
    ],
)
def test_changed_header_is_refused(change: dict[str, str]) -> None:
    headers = sign([SECRET], message_id=MESSAGE, at=AT, body=BODY) | change

    with pytest.raises(SignatureRefused):
        verify([SECRET], headers=headers, body=BODY, now=AT)


def test_changed_body_is_refused() -> None:
    headers = sign([SECRET], message_id=MESSAGE, at=AT, body=BODY)

    with pytest.raises(SignatureRefused):
        verify([SECRET], headers=headers, body=BODY + b" ", now=AT)


@pytest.mark.parametrize(("late", "taken"), [(299, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_message_is_taken_within_five_minutes(late: int, taken: bool) -> None:
    headers = sign([SECRET], message_id=MESSAGE, at=AT, body=BODY)
    now = AT + timedelta(seconds=late)

    if taken:
        assert verify([SECRET], headers=headers, body=BODY, now=now) == MESSAGE
    else:
        with pytest.raises(SignatureRefused):
            verify([SECRET], headers=headers, body=BODY, now=now)


def test_new_secrets_differ_and_hold_32_bytes() -> None:
    first, second = new_secret(), new_secret()

    assert first != second
    assert first.startswith("whsec_")
    assert len(b64decode(first.removeprefix("whsec_"))) == 32


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_"], ["whsec_a"]])
def test_unusable_secret_is_refused(secrets: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        sign(secrets, message_id=MESSAGE, at=AT, body=BODY)

    assert refused.value.code == "WEBHOOK_SECRET_INVALID"


@pytest.mark.parametrize("message_id", ["", "msg.1"])
def test_ambiguous_id_is_refused(message_id: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sign([SECRET], message_id=message_id, at=AT, body=BODY)

    assert refused.value.code == "WEBHOOK_ID_INVALID"
