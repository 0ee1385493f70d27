"""Refunds that go back by transfer: where to, and the file that takes each of them to the bank once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from stdnum import iban as ibans

from kontor.banking import pain
from kontor.banking.errors import NothingToPayOut, PayoutNotOpen, UnknownAccount
from kontor.banking.models import BankAssignment, BankEntry, Payout, PayoutFile
from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, NotFound
from kontor.core.ids import new_id
from kontor.core.outbox import schedule
from kontor.core.pagination import Page, PageRequest, choose, paginate
from kontor.documents.service import NewDocument
from kontor.orders.models import Order
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind, TransactionState
from kontor.payments.states import PaymentMethodKind

KIND = "PAYOUT_FILE"
FILE_SORTS: dict[str, Any] = {"CREATED_AT": PayoutFile.created_at}
_BY_TRANSFER = (PaymentMethodKind.ON_ACCOUNT, PaymentMethodKind.PREPAYMENT)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Money that is to go back by transfer, in cents; without account nobody knows where to."""

    transaction_id: UUID
    order_id: UUID
    order_number: str
    amount: int
    name: str
    iban: str


async def waiting(db: Session, entity_id: UUID, *, limit: int = 1000, ready: bool = False) -> list[Waiting]:
    """What is to be paid out of an entity in euro and has not left, oldest first; with `ready` only to known accounts.

    The account is the one a person named, or else the one that the customer's own transfer came from.
    """
    row = PaymentTransaction
    found = (
        sa.select(row.id, row.payment_id, row.order_id, Order.number, row.amount, Payout.name, Payout.iban)
        .join(Payment, Payment.id == row.payment_id)
        .join(Order, Order.id == row.order_id)
        .join(SalesChannel, SalesChannel.id == Order.channel_id)
        .outerjoin(Payout, Payout.id == row.id)
        .where(
            SalesChannel.legal_entity_id == (sa.null() if db.principal.restricted else entity_id),
            row.outcome == TransactionState.SUCCEEDED,
            _by_transfer(),
            Payment.currency == "EUR",
            Payout.file_id.is_(None),
            sa.or_(Payout.iban != "", sa.exists(_transfers(row.payment_id))) if ready else sa.true(),
        )
        .order_by(row.id)
        .limit(limit)
    )
    rows = (await db.execute(found)).all()
    known = await _accounts(db, [each.payment_id for each in rows if not each.iban])
    return [
        Waiting(
            each.id, each.order_id, each.number, each.amount,
            *((each.name, each.iban) if each.iban else known.get(each.payment_id, ("", ""))),
        )
        for each in rows
    ]  # fmt: skip


def _by_transfer() -> sa.ColumnElement[bool]:
    """What goes back from our account: as it came, or in place of a gateway that could not."""
    kind = PaymentTransaction.kind
    as_it_came = sa.and_(kind == TransactionKind.REFUND, Payment.kind.in_(_BY_TRANSFER))
    return sa.or_(as_it_came, kind == TransactionKind.TRANSFER)


def _transfers(payment_id: Any = None) -> sa.Select[UUID, str, str]:
    """Transfers that stand and whose account the bank named, of one payment or of all."""
    found = sa.select(BankAssignment.payment_id, BankEntry.name, BankEntry.counter_iban).join(
        BankEntry, BankEntry.id == BankAssignment.entry_id
    )
    found = found.where(BankAssignment.undone_at.is_(None), BankEntry.counter_iban != "")
    return found if payment_id is None else found.where(BankAssignment.payment_id == payment_id)


async def _accounts(db: Session, payment_ids: Sequence[UUID]) -> Mapping[UUID, tuple[str, str]]:
    """Whose account the last transfer of each payment came from."""
    found = _transfers().where(BankAssignment.payment_id.in_(list(payment_ids))).order_by(BankAssignment.assigned_at)
    return {payment_id: (name, iban) for payment_id, name, iban in await db.execute(found)}


async def set_account(db: Session, transaction_id: UUID, *, name: str, iban: str, now: datetime) -> Payout:
    """Say where a refund goes. Raises `PayoutNotOpen` for one that has left, `InvalidInput` for what is no IBAN.

    Locks the legal entity: a file that is being put together either has this account or had left with the old one.
    """
    if not ibans.is_valid(iban):
        raise InvalidInput("This is no IBAN.", code="INVALID_IBAN", path=("iban",))
    if not 1 <= len(name.strip()) <= 140:
        raise InvalidInput("1 to 140 characters.", code="INVALID_NAME", path=("name",))
    found = (
        sa.select(SalesChannel.legal_entity_id)
        .select_from(PaymentTransaction)
        .join(Payment, Payment.id == PaymentTransaction.payment_id)
        .join(Order, Order.id == Payment.order_id)
        .join(SalesChannel, SalesChannel.id == Order.channel_id)
        .where(
            PaymentTransaction.id == transaction_id,
            _by_transfer(),
            sa.false() if db.principal.restricted else sa.true(),
        )
    )
    entity_id = await db.scalar(found)
    await db.execute(sa.select(LegalEntity.id).where(LegalEntity.id == entity_id).with_for_update())
    payout = await db.get(Payout, transaction_id, with_for_update=True, populate_existing=True)
    if entity_id is None or (payout is not None and payout.file_id is not None):
        raise PayoutNotOpen("There is no such payout, or it has left.", transaction_id=str(transaction_id))
    if payout is None:
        payout = Payout(id=transaction_id)
        db.add(payout)
    payout.name, payout.iban, payout.updated_at = name.strip(), ibans.compact(iban), now
    await db.flush()
    return payout


async def create_file(db: Session, entity_id: UUID, *, execute_on: date, now: datetime) -> PayoutFile:
    """Put together what waits and whose account is known; each payout leaves once. The file follows by a job.

    Locks the legal entity. Raises `NothingToPayOut`, and `UnknownAccount` where the entity has no account of its own.
    """
    entity: LegalEntity | None = await db.scalar(
        sa.select(LegalEntity).where(LegalEntity.id == entity_id).with_for_update()
    )
    if entity is None or db.principal.restricted:
        raise NotFound("There is no such legal entity.", code="LEGAL_ENTITY_NOT_FOUND")
    if not entity.iban:
        raise UnknownAccount("The legal entity has no account.", iban="")
    if execute_on < local_day(now, entity.timezone):
        raise InvalidInput("The day has passed.", code="DAY_PASSED", path=("executeOn",))
    ready = await waiting(db, entity_id, ready=True)
    if not ready:
        raise NothingToPayOut("No refund waits whose account is known.")
    last = sa.select(sa.func.max(PayoutFile.sequence)).where(PayoutFile.legal_entity_id == entity_id)
    sequence = (await db.scalar(last) or 0) + 1
    file = PayoutFile(
        id=new_id(), number=f"{entity.code[:20]}-P{sequence:05}", legal_entity_id=entity_id, sequence=sequence,
        execute_on=execute_on, transfers=len(ready), total=sum(each.amount for each in ready), sha256=None,
        document_id=None, created_at=now, created_by=db.principal.name[:200],
    )  # fmt: skip
    db.add(file)
    await db.flush()
    for each in ready:
        await db.merge(
            Payout(id=each.transaction_id, name=each.name[:140], iban=each.iban, file_id=file.id, updated_at=now)
        )
    schedule(db, "banking.write_payout_file", {"file_id": file.id}, key=entity_id)
    return file


async def document_of(db: Session, file_id: UUID) -> tuple[NewDocument, str]:
    """The file for the bank, and its fingerprint. Written again, it is the same to the byte."""
    file = await db.get_one(PayoutFile, file_id)
    entity = await db.get_one(LegalEntity, file.legal_entity_id)
    rows = await db.execute(
        sa.select(Payout.id, Payout.name, Payout.iban, PaymentTransaction.amount, Order.number)
        .join(PaymentTransaction, PaymentTransaction.id == Payout.id)
        .join(Order, Order.id == PaymentTransaction.order_id)
        .where(Payout.file_id == file_id)
        .order_by(Payout.id)
    )
    transfers = [
        pain.Transfer(row.id.hex, row.amount, row.name, row.iban, f"Erstattung Bestellung {row.number}") for row in rows
    ]
    iban = (entity.iban or "").replace(" ", "")
    data = pain.written(
        pain.Order(file.number, file.created_at, file.execute_on, entity.name, iban, entity.bic or "", transfers)
    )
    document = NewDocument(
        kind=KIND, number=f"{file.number}.xml", key=f"payouts/{entity.id}/{file.number}.xml", data=data,
        subject_id=file.id, content_type="application/xml", language="de",
    )  # fmt: skip
    return document, hashlib.sha256(data).hexdigest()


async def list_files(
    db: Session, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[PayoutFile]:
    """A page of files; nothing for a principal with a scope."""
    found = sa.select(PayoutFile).where(sa.false() if db.principal.restricted else sa.true())
    return await paginate(db, found, choose(FILE_SORTS, sort, descending=descending), PayoutFile.id, page)
