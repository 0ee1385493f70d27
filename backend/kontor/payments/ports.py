"""What Kontor needs from a payment gateway, in words every gateway can be translated to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from kontor.core.errors import KontorError, Unavailable
from kontor.core.money import Money


class Operation(StrEnum):
    """What happens to money at a gateway. A chargeback is the only one that Kontor does not ask for."""

    AUTHORIZE = "AUTHORIZE"
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"
    CHARGEBACK = "CHARGEBACK"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the gateway declares about itself; the capture plan and the repeat rules follow it."""

    multi_capture: bool
    partial_refund: bool
    authorization_lifetime: timedelta | None
    # Where keys are honored the same call may simply be sent again; elsewhere it is looked up first.
    idempotent_keys: bool
    # Whether disputes can be answered (`DisputeGateway`), and whether payouts can be read (`PayoutGateway`).
    disputes: bool = False
    payouts: bool = False


@dataclass(frozen=True, slots=True)
class DebitOrder:
    """The mandate by which an account is debited, in the words of SEPA; the account's holder and IBAN.

    `collect_on` is the day the customer was told of, before which it must not be due, `sequence_type` OOFF, FRST
    or RCUR; both are None while money is only promised.
    """

    creditor_id: str
    mandate: str
    signed_on: date
    kind: str
    name: str
    iban: str
    sequence_type: str | None = None
    collect_on: date | None = None


@dataclass(frozen=True, slots=True)
class Instruction:
    """One operation to carry out once: its key, our reference of the payment, and the amount in minor units.

    `debit` is there where an account is debited by a mandate that Kontor keeps; `kind` is the method of payment.
    """

    idempotency_key: str
    payment_reference: str
    amount: Money
    debit: DebitOrder | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """It was done. `reference` is the gateway's; `expires_at` is set where a promise lapses.

    `multi_capture` says for this promise alone whether it may be taken in parts; None where the declared ability holds.
    """

    reference: str
    amount: Money
    expires_at: datetime | None = None
    multi_capture: bool | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """It was not done and will not be by repeating it: the gateway's code and words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The gateway took it on and tells the result later by a notice, or when asked by key.

    So too while the customer has still to confirm the payment with the bank.
    """

    reference: str


Outcome = Succeeded | Declined | Pending


class DisputeStatus(StrEnum):
    """Where a dispute stands at the customer's bank."""

    NEEDS_RESPONSE = "NEEDS_RESPONSE"
    UNDER_REVIEW = "UNDER_REVIEW"
    WON = "WON"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class DisputeNews:
    """How a dispute stands: `taken` says whether the bank holds the money now; a mere `inquiry` leaves it with us.

    `returned` says that it had been taken and is back. `told_at` orders news, which gateways send in any order.
    `due_at` is the last moment for evidence; `fee` what the gateway keeps for the dispute, less what it gave back of
    it, None where it does not say.
    """

    reference: str
    status: DisputeStatus
    amount: Money
    taken: bool
    told_at: datetime
    reason: str = ""
    due_at: datetime | None = None
    inquiry: bool = False
    returned: bool = False
    fee: Money | None = None


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A document as it goes to the bank; `purpose` is one of `evidence.DOCUMENTS`."""

    purpose: str
    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for us: texts by the names of `evidence.TEXTS`, and documents."""

    texts: Mapping[str, str]
    files: Sequence[EvidenceFile] = ()


@dataclass(frozen=True, slots=True)
class GatewayPayout:
    """Money that a gateway sent to our bank account, less than zero for what it took from there, minor units."""

    reference: str
    amount: Money
    arrives_on: date
    descriptor: str = ""


class LineCategory(StrEnum):
    """What moved at a gateway: the line of a payout."""

    CHARGE = "CHARGE"
    REFUND = "REFUND"
    REFUND_FAILURE = "REFUND_FAILURE"
    DISPUTE = "DISPUTE"
    DISPUTE_REVERSAL = "DISPUTE_REVERSAL"
    FEE = "FEE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class GatewayLine:
    """One movement that a payout settles. `amount` is what it adds before `fee`; both in the payout's currency.

    `source` names what moved (a charge, refund, dispute), `authorization` the gateway's own name of the payment.
    `original` is what it was in the currency of the payment, where the gateway converted it.
    """

    reference: str
    category: LineCategory
    amount: Money
    fee: Money
    occurred_at: datetime
    source: str = ""
    authorization: str = ""
    original: Money | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a gateway tells on its own. The key is missing where Kontor did not start the operation.

    A gateway that does not repeat our reference of the payment names its own `authorization`.
    """

    id: str
    operation: Operation
    payment_reference: str
    idempotency_key: str | None
    outcome: Outcome
    authorization: str = ""
    dispute: DisputeNews | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known of a call whose outcome is asked for: some gateways find it by these rather than by its key."""

    operation: Operation
    payment_reference: str
    authorization: str
    asked_at: datetime


class GatewayUnavailable(Unavailable):
    """The gateway was not reached or turned the call away unread: surely not done. `retry_after` in seconds or None."""

    default_code = "PAYMENT_GATEWAY_UNAVAILABLE"


class OutcomeUnknown(KontorError):
    """The call was sent and no clear answer came: it may be done or not. Ask `find` with the same key.

    Deliberately no `Unavailable`: who catches that may try again with a new key, which here would pay twice.
    """

    default_code = "PAYMENT_OUTCOME_UNKNOWN"


class PaymentGateway(Protocol):
    """A gateway. Every call raises `GatewayUnavailable` or `OutcomeUnknown` besides returning an outcome.

    `Conflict` with code `IDEMPOTENCY_KEY_REUSED` means the key was used for another instruction: an error of the
    caller that no repetition cures.
    """

    @property
    def abilities(self) -> Abilities:
        """What this gateway can do."""
        ...

    async def authorize(self, instruction: Instruction, *, method: str, capture_now: bool = False) -> Outcome:
        """Block the amount on the customer's tokenized method; `capture_now` takes it in the same step."""
        ...

    async def capture(self, instruction: Instruction, *, authorization: str, final: bool = False) -> Outcome:
        """Take the amount from an authorization; `final` releases what then remains of it."""
        ...

    async def void(self, instruction: Instruction, *, authorization: str) -> Outcome:
        """Release what is not captured; nothing left to release is a success of amount zero."""
        ...

    async def refund(self, instruction: Instruction, *, authorization: str) -> Outcome:
        """Give the amount back out of what was captured under the authorization."""
        ...

    async def find(self, idempotency_key: str, sought: Sought | None = None) -> Outcome | None:
        """What became of a call, or None when it never arrived or sending it again is sure to answer that."""
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """Check the signature and read a notice; None for kinds that do not concern us, `Forbidden` if not genuine."""
        ...


class DisputeGateway(Protocol):
    """A gateway whose `abilities.disputes` say that disputes are answered through it.

    Both calls are done once per key. They raise what `PaymentGateway` raises; how the dispute stands afterwards is the
    answer. `Declined` says that the bank takes nothing more.
    """

    async def contest(self, idempotency_key: str, dispute: str, evidence: Evidence) -> DisputeNews | Declined:
        """Send the evidence to the bank; with most banks that can be done once."""
        ...

    async def accept(self, idempotency_key: str, dispute: str) -> DisputeNews | Declined:
        """Let the customer have the money: final."""
        ...

    async def find_dispute(self, idempotency_key: str, dispute: str) -> DisputeNews | None:
        """How the dispute stands if what the key asked for is done; None when it may safely be sent again."""
        ...


class PayoutGateway(Protocol):
    """A gateway whose `abilities.payouts` say that its payouts can be read. Reading twice is harmless."""

    async def payouts(self, *, since: datetime) -> Sequence[GatewayPayout]:
        """Payouts that have been sent since a moment, oldest first."""
        ...

    async def payout_lines(self, payout: str) -> Sequence[GatewayLine]:
        """Every movement that a payout settles."""
        ...
