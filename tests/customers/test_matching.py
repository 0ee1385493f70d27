"""Customers are recognized by exact keys only."""

import pytest

from kontor.customers.matching import Keys, email_key, match, name_key, postal_key

REFERENCES = {"77": "erika"}
EMAILS = {"erika@example.com": ["erika"], "info@example.com": ["max", "moritz"]}
NAMES = {("erika muster", "10115"): ["erika"], ("max muster", "10115"): ["max", "moritz"]}


@pytest.mark.parametrize(
    ("keys", "customer"),
    [
        (Keys(external_id="77", email="else@example.com"), "erika"),
        (Keys(external_id="78", email="erika@example.com"), "erika"),
        (Keys(email="info@example.com"), None),
        (Keys(name="erika muster", postal_code="10115"), "erika"),
        (Keys(name="erika muster", postal_code="10117"), None),
        (Keys(name="max muster", postal_code="10115"), None),
        (Keys(email="new@example.com", name="erika muster", postal_code="10115"), None),
        (Keys(), None),
    ],
)
def test_surest_key_decides(keys: Keys, customer: str | None) -> None:
    assert match(keys, by_reference=REFERENCES, by_email=EMAILS, by_name=NAMES) == customer


def test_keys_ignore_case_spaces_and_spelling_of_letters() -> None:
    assert email_key(" Erika@Example.COM ") == "erika@example.com"
    assert name_key("  Erika\u00a0 MU\u0308LLER ") == name_key("erika müller")
    assert postal_key("sw1a 1aa") == "SW1A1AA"
    assert email_key("  ") is None
