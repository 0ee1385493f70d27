"""Check digits of parcel numbers. S10: the examples of the standard; SSCC: GS1's."""

import pytest

from kontor.fulfillment.tracking import TrackingKind, read_number


@pytest.mark.parametrize(
    ("text", "number", "kind", "valid"),
    [
        ("RR 473 124 829 GB", "RR473124829GB", TrackingKind.S10, True),
        ("RR473124828GB", "RR473124828GB", TrackingKind.S10, False),
        ("00 0 0614141 123456789 0", "00006141411234567890", TrackingKind.SSCC, True),
        ("00006141411234567891", "00006141411234567891", TrackingKind.SSCC, False),
        ("106141412345678908", "106141412345678908", TrackingKind.SSCC, True),
        ("106141412345678909", "106141412345678909", TrackingKind.OTHER, None),
        ("1z999aa10123456784", "1Z999AA10123456784", TrackingKind.OTHER, None),
    ],
)
def test_numbers_are_known_by_their_form_and_checked(
    text: str, number: str, kind: TrackingKind, valid: bool | None
) -> None:
    found = read_number(text)
    assert (found.number, found.kind, found.valid) == (number, kind, valid)
