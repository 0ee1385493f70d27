"""Test tokens: what happens to a payment is chosen by the method it is paid with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code in the words of card networks, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Behavior:
    """How the gateway treats a method. "Once" means at the first try of each idempotency key."""

    declined: Refusal | None = None
    capture_declined: Refusal | None = None
    refund_declined: Refusal | None = None
    pending: bool = False
    refund_pending: bool = False
    slow: bool = False
    error_once: bool = False
    lost_answer_once: bool = False
    closed_once: bool = False
    closed_after_once: bool = False
    lifetime: float | None = None


INSUFFICIENT_FUNDS = Refusal("insufficient_funds", "The account has too little money.")
CARD_DECLINED = Refusal("card_declined", "The issuer declined without a reason.")
EXPIRED_CARD = Refusal("expired_card", "The card has expired.")
AUTHENTICATION_FAILED = Refusal("authentication_failed", "The customer did not confirm the payment.")
UNKNOWN_METHOD = Refusal("unknown_payment_method", "There is no such payment method.")

# What a random decline chooses from.
DECLINES = (INSUFFICIENT_FUNDS, CARD_DECLINED, EXPIRED_CARD, AUTHENTICATION_FAILED)

TOKENS = {
    "tok_ok": Behavior(),
    "tok_visa": Behavior(),
    "tok_mastercard": Behavior(),
    "tok_wallet": Behavior(),
    "tok_sepa_debit": Behavior(),
    "tok_stored_value": Behavior(),
    "tok_declined": Behavior(declined=CARD_DECLINED),
    "tok_insufficient_funds": Behavior(declined=INSUFFICIENT_FUNDS),
    "tok_expired": Behavior(declined=EXPIRED_CARD),
    "tok_authentication_failed": Behavior(declined=AUTHENTICATION_FAILED),
    "tok_capture_declined": Behavior(capture_declined=CARD_DECLINED),
    "tok_refund_declined": Behavior(refund_declined=CARD_DECLINED),
    "tok_pending": Behavior(pending=True),
    "tok_pending_declined": Behavior(pending=True, declined=INSUFFICIENT_FUNDS),
    "tok_refund_pending": Behavior(refund_pending=True),
    "tok_slow": Behavior(slow=True),
    "tok_error_once": Behavior(error_once=True),
    "tok_lost_answer_once": Behavior(lost_answer_once=True),
    "tok_closed_once": Behavior(closed_once=True),
    "tok_closed_after_once": Behavior(closed_after_once=True),
    "tok_authorization_expires": Behavior(lifetime=0.0),
}
