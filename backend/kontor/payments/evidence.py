"""What may be said and shown in a dispute, and what the reasons of disputes mean. Pure.

The names are those of the evidence object in Stripe's published API, which has the fields of the card networks; another
gateway's adapter translates them.
"""

from collections.abc import Mapping

from kontor.core.errors import InvalidInput

TEXTS = frozenset(
    {
        "access_activity_log", "billing_address", "cancellation_policy_disclosure", "cancellation_rebuttal",
        "customer_email_address", "customer_name", "customer_purchase_ip", "duplicate_charge_explanation",
        "duplicate_charge_id", "product_description", "refund_policy_disclosure", "refund_refusal_explanation",
        "service_date", "shipping_address", "shipping_carrier", "shipping_date", "shipping_tracking_number",
        "uncategorized_text",
    }
)  # fmt: skip
DOCUMENTS = frozenset(
    {
        "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation",
        "receipt", "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
    }
)  # fmt: skip
LONGEST = 20_000
MOST_IN_ALL = 150_000
"""Characters of all texts together, as Stripe takes them."""

_REASONS: Mapping[str, tuple[str, str]] = {
    "bank_cannot_process": ("The bank cannot process the payment.", "Die Bank kann die Zahlung nicht verarbeiten."),
    "check_returned": ("The check was returned.", "Der Scheck wurde zurückgegeben."),
    "credit_not_processed": (
        "The customer waits for a refund that was promised.",
        "Der Kunde wartet auf eine zugesagte Erstattung.",
    ),
    "customer_initiated": (
        "The customer had the direct debit returned.",
        "Der Kunde hat die Lastschrift zurückgegeben.",
    ),
    "debit_not_authorized": (
        "The customer says that the direct debit was not authorized.",
        "Der Kunde bestreitet, die Lastschrift erlaubt zu haben.",
    ),
    "duplicate": ("The customer says that he was charged twice.", "Der Kunde sagt, er sei doppelt belastet worden."),
    "fraudulent": (
        "The cardholder says that he did not authorize the payment.",
        "Der Karteninhaber bestreitet, die Zahlung veranlasst zu haben.",
    ),
    "general": ("Another reason.", "Ein anderer Grund."),
    "incorrect_account_details": ("The account details are wrong.", "Die Kontodaten sind falsch."),
    "insufficient_funds": ("The account has too little money.", "Das Konto ist nicht gedeckt."),
    "noncompliant": ("A rule of the card network was broken.", "Eine Regel des Kartennetzes wurde verletzt."),
    "product_not_received": (
        "The customer says that nothing arrived.",
        "Der Kunde sagt, die Ware sei nicht angekommen.",
    ),
    "product_unacceptable": (
        "The goods are not as described, or damaged.",
        "Die Ware ist beschädigt oder nicht wie beschrieben.",
    ),
    "subscription_canceled": (
        "The customer says that he had canceled before.",
        "Der Kunde sagt, er habe vorher gekündigt.",
    ),
    "unrecognized": ("The cardholder does not recognize the payment.", "Der Karteninhaber erkennt die Zahlung nicht."),
}


def reason_text(code: str, language: str) -> str:
    """What a reason means, in German or else English; a code that is not known says itself.

    >>> reason_text("duplicate", "de")
    'Der Kunde sagt, er sei doppelt belastet worden.'
    """
    texts = _REASONS.get(code)
    return code if texts is None else texts[language == "de"]


def check_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts without empty ones; raises `InvalidInput` naming the field for what no bank would read."""
    found = {name: text.strip() for name, text in texts.items() if text.strip()}
    for name, text in found.items():
        if name not in TEXTS:
            raise InvalidInput(
                "There is no such evidence.", code="UNKNOWN_EVIDENCE", path=("evidence", name), allowed=sorted(TEXTS)
            )
        if len(text) > LONGEST:
            raise InvalidInput(
                f"At most {LONGEST} characters.", code="TEXT_TOO_LONG", path=("evidence", name), max=LONGEST
            )
    if sum(map(len, found.values())) > MOST_IN_ALL:
        raise InvalidInput(
            f"At most {MOST_IN_ALL} characters in all.", code="TEXT_TOO_LONG", path=("evidence",), max=MOST_IN_ALL
        )
    return found
