"""Saving customers, and finding or making those that orders belong to."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypedDict
from uuid import UUID, uuid5

import sqlalchemy as sa
from stdnum.eu import vat

from kontor.core import outbox
from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.core.sets import any_of
from kontor.customers import terms
from kontor.customers.consents import note_changes
from kontor.customers.errors import CustomerNotFound, CustomerUnnamed, InvalidVatId, ReferenceTaken
from kontor.customers.events import CustomersSaved
from kontor.customers.matching import email_key, name_key
from kontor.customers.models import Customer, CustomerAddress, CustomerKind, CustomerReference
from kontor.customers.queries import refuse_gone, visible_to
from kontor.imports import cells, fields
from kontor.imports.errors import DuplicateRow, UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import (
    Draft,
    Outcome,
    RowResult,
    attempt,
    existing_rows,
    good,
    ids_of,
    insert_rows,
    lock_noun,
    match_existing,
    replace_children,
    results_of,
    stamp,
    writable,
    write_drafts,
)

CUSTOMERS_STREAM = uuid5(UUID(int=0), "kontor.customers")
# A neighbor among the masters is named as a table, like its foreign key; it is not imported.
_CHANNEL = sa.table("sales_channel", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _vat_id(value: Any) -> str:
    """A VAT id of an EU state with the right check digits; ids of other states are kept as they are."""
    found = fields.text(20, upper=True)(value).replace(" ", "")
    if found[:2].lower() in vat.MEMBER_STATES | {"el"} and not vat.is_valid(found):
        raise InvalidVatId(f"{found} is no valid VAT id.")
    return found


FIELDS: dict[str, Field] = {
    "number": Field(fields.code(40), aliases=("customer_number",)),
    "kind": Field(fields.choice(CustomerKind), default=CustomerKind.PERSON),
    "name": Field(fields.text(200)),
    "company": Field(fields.text(200), empty=True),
    "email": Field(fields.email, empty=True),
    "phone": Field(fields.text(40), empty=True),
    "language": Field(fields.language, default="en"),
    "vat_id": Field(_vat_id, empty=True),
    "tags": Field(fields.several(fields.text(60), 50), read=cells.listed, default=[]),
    "consents": Field(fields.facts(), read=cells.json, default={}),
}
REFERENCE_FIELDS: dict[str, Field] = {
    "channel": Field(fields.code(40), empty=True, aliases=("channel_code",)),
    "external_id": Field(fields.text(120), empty=True, aliases=("reference",)),
}
ADDRESS_FIELDS: dict[str, Field] = {
    "kind": Field(fields.text(20, upper=True, pattern=r"SHIPPING|BILLING"), default="SHIPPING"),
    "name": Field(fields.text(200)),
    "company": Field(fields.text(200), empty=True),
    "street": Field(fields.text(200)),
    "extra": Field(fields.text(200), empty=True),
    "postal_code": Field(fields.text(20), aliases=("zip", "postcode", "plz")),
    "city": Field(fields.text(120)),
    "region": Field(fields.text(60), empty=True),
    "country": Field(fields.country),
}


class AddressData(TypedDict, total=False):
    """An address; `kind` is SHIPPING or BILLING."""

    kind: str
    name: str
    company: str | None
    street: str
    extra: str | None
    postal_code: str
    city: str
    region: str | None
    country: str


class CustomerData(TypedDict, total=False):
    """A customer by number, or by channel and the id by which that knows them; what is not given stays as it is.

    `addresses` replaces all addresses. `channel` and `external_id` come together and may be added to a number.
    """

    number: str
    channel: str | None
    external_id: str | None
    kind: CustomerKind
    name: str
    company: str | None
    email: str | None
    phone: str | None
    language: str
    vat_id: str | None
    tags: list[str]
    consents: dict[str, Any]
    addresses: list[AddressData]


Reference = tuple[UUID, str]


async def save_customers(db: Session, rows: Sequence[CustomerData], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Add or change customers, one result per row. Records CustomersSaved.

    A customer nobody gave a number gets one. A reference that names another customer is refused (REFERENCE_TAKEN), and
    so is a customer who was erased or merged into another (CUSTOMER_ERASED, CUSTOMER_MERGED): nothing of a person is
    kept anew there. A shop saves those that its channels know and new ones of its channels; all others are not found.
    """
    await lock_noun(db, "customer")
    drafts, addresses = _drafts(rows)
    references = await _references(db, drafts)
    owners = await _owners(db, set(references.values()))
    await _name(db, drafts, references, owners)
    await _hold(db, {draft.key for draft in good(drafts)})
    known = await existing_rows(db, Customer.__table__.c.number, {draft.key for draft in good(drafts)})
    await _refuse_unseen(db, drafts, references, known)
    _refuse_gone(drafts, known)
    match_existing(drafts, known, FIELDS, key="number")
    _refuse_taken(drafts, references, owners)
    for draft in good(drafts):
        draft.values.update(keys_of({**known.get(draft.key, {}), **draft.values}))
    fine = writable(drafts, all_or_nothing)
    consents = {draft.key: dict((known.get(draft.key) or {}).get("consents") or {}) for draft in fine}
    await write_drafts(db, Customer, fine, known, key="number")
    await _write_references(db, {draft: references[draft] for draft in fine if draft in references}, owners)
    wanted = {draft.id: addresses[draft] for draft in fine if draft in addresses and draft.id is not None}
    changed = await replace_children(db, CustomerAddress, "customer_id", wanted)
    for draft in fine:
        if draft.id in changed:
            draft.changed()
    saved = [draft.id for draft in fine if draft.id and draft.outcome in (Outcome.CREATED, Outcome.UPDATED)]
    for draft in fine:
        if draft.id and "consents" in draft.values:
            note_changes(db, draft.id, consents[draft.key], draft.values["consents"], source="saveCustomers")
    if saved:
        await terms.relearn(db, saved)
        outbox.record(db, CustomersSaved(stream_id=CUSTOMERS_STREAM, ids=tuple(saved)))
    return results_of(drafts)


async def note_customer(db: Session, row: CustomerData) -> UUID:
    """Keep somebody nobody knows yet, under a fresh number; their id. Raises what refuses the row, naming the field."""
    (result,) = await save_customers(db, [{**row, "number": fresh_number()}])
    if result.problem is not None:
        raise result.problem
    assert result.id is not None
    return result.id


def keys_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a customer is found by: `email_key`, `name_key` and `search_key`."""
    found = (values.get("number"), values.get("name"), values.get("company"), values.get("email"))
    return {
        "email_key": email_key(values.get("email")),
        "name_key": name_key(values.get("name")),
        "search_key": " ".join(filter(None, found)).casefold(),
    }


def fresh_number() -> str:
    """A customer number that needs no counter, so that parallel orders do not wait for each other: K-XXXX-XXXX-XXXX."""
    bits = new_id().int & (2**60 - 1)  # the random part of the id
    letters = "".join(_ALPHABET[bits >> shift & 31] for shift in range(55, -1, -5))
    return f"K-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _drafts(rows: Sequence[CustomerData]) -> tuple[list[Draft], dict[Draft, list[dict[str, Any]]]]:
    drafts, addresses = [], {}
    for index, row in enumerate(rows):
        draft = Draft(index, str(row.get("number") or row.get("external_id") or "")[:200])
        drafts.append(draft)
        try:
            given = {name: value for name, value in row.items() if name != "addresses"}
            if given.get("number") in (None, ""):
                given.pop("number", None)
            draft.values = fields.checked(given, FIELDS | REFERENCE_FIELDS)
            if "addresses" in row:
                addresses[draft] = _addresses(row["addresses"] or [])
        except KontorError as problem:
            draft.refuse(problem)
    return drafts, addresses


def _addresses(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for index, row in enumerate(given[:100]):
        try:
            found.append(fields.completed(fields.checked(row, ADDRESS_FIELDS), ADDRESS_FIELDS))
        except KontorError as problem:
            raise problem.within("addresses", index) from None
    return found


async def _references(db: Session, drafts: Sequence[Draft]) -> dict[Draft, Reference]:
    """The channel references given, by draft; refuses unknown channels, halves, and those that stand twice."""
    codes = {draft.values["channel"] for draft in good(drafts) if draft.values.get("channel")}
    channels = await ids_of(db, _CHANNEL.c.code, _CHANNEL.c.id, codes)
    own = db.principal.channel_ids
    channels = {code: channel_id for code, channel_id in channels.items() if own is None or channel_id in own}
    references: dict[Draft, Reference] = {}
    taken: set[Any] = set()
    for draft in good(drafts):
        channel, external_id = draft.values.pop("channel", None), draft.values.pop("external_id", None)
        number = draft.values.get("number")
        if (channel is None) != (external_id is None) or (number is None and channel is None):
            missing = "channel" if channel is None and external_id is not None else "externalId"
            path = ("number",) if number is None and channel is None else (missing,)
            draft.refuse(CustomerUnnamed("A number, or a channel and its id, name a customer.", path=path))
        elif channel is not None and channel not in channels:
            draft.refuse(UnknownReference(f"There is no channel {channel}.", path=("channel",)))
        elif channel is not None:
            references[draft] = (channels[channel], external_id)
        for key in (number, references.get(draft)):
            if key is not None and key in taken:
                draft.refuse(DuplicateRow("This customer stands twice in this call.", path=("number",)))
            taken.add(key)
    return references


async def _owners(db: Session, references: set[Reference]) -> dict[Reference, UUID]:
    """The customers that references name."""
    owners: dict[Reference, UUID] = {}
    for part in chunks(sorted({external_id for _, external_id in references})):
        for row in await db.scalars(sa.select(CustomerReference).where(CustomerReference.external_id.in_(part))):
            if (row.channel_id, row.external_id) in references:
                owners[row.channel_id, row.external_id] = row.customer_id
    return owners


async def _name(
    db: Session, drafts: Sequence[Draft], references: Mapping[Draft, Reference], owners: Mapping[Reference, UUID]
) -> None:
    """Give those without a number that of the customer their reference names, or a fresh one."""
    unnamed = {draft: owners.get(references[draft]) for draft in good(drafts) if "number" not in draft.values}
    numbers: dict[UUID, str] = {}
    for part in chunks(sorted({owner for owner in unnamed.values() if owner is not None})):
        found = await db.execute(sa.select(Customer.id, Customer.number).where(Customer.id.in_(part)))
        numbers.update({row[0]: row[1] for row in found})
    for draft, owner in unnamed.items():
        draft.values["number"] = numbers[owner] if owner is not None else fresh_number()
    for draft in good(drafts):
        draft.key = draft.values["number"]


async def _hold(db: Session, numbers: set[str]) -> None:
    """Let nobody merge or erase these customers until they are saved; orders of theirs do not wait. SQLite has one
    writer anyway."""
    if not db.sqlite and numbers:
        held = sa.select(Customer.id).where(any_of(Customer.number, sorted(numbers))).order_by(Customer.id)
        await db.execute(held.with_for_update(key_share=True))


def _refuse_gone(drafts: Sequence[Draft], known: Mapping[str, Mapping[str, Any]]) -> None:
    for draft in good(drafts):
        row = known.get(draft.key)
        if row is not None:
            attempt(draft, partial(refuse_gone, row["erased_at"], row["merged_into_id"], path="number"))


async def _refuse_unseen(
    db: Session, drafts: Sequence[Draft], references: Mapping[Draft, Reference], known: Mapping[str, Any]
) -> None:
    """Who sees only some customers changes only those, and adds none that they would not see."""
    if not db.principal.restricted:
        return
    seen: set[str] = set()
    for part in chunks(sorted(draft.key for draft in good(drafts) if draft.key in known)):
        found = sa.select(Customer.number).where(Customer.number.in_(part), visible_to(db.principal))
        seen.update(await db.scalars(found))
    for draft in good(drafts):
        if draft.key not in seen and (draft.key in known or draft not in references):
            draft.refuse(CustomerNotFound("There is no such customer.", path=("number",)))


def _refuse_taken(
    drafts: Sequence[Draft], references: Mapping[Draft, Reference], owners: Mapping[Reference, UUID]
) -> None:
    for draft in good(drafts):
        owner = owners.get(references[draft]) if draft in references else None
        if owner is not None and owner != draft.id:
            attempt(draft, _taken)


def _taken() -> None:
    raise ReferenceTaken("The channel knows another customer by this id.", path=("externalId",))


async def _write_references(
    db: Session, references: Mapping[Draft, Reference], owners: Mapping[Reference, UUID]
) -> None:
    new = {draft: reference for draft, reference in references.items() if reference not in owners}
    rows = [
        {"channel_id": channel_id, "external_id": external_id, "customer_id": draft.id}
        for draft, (channel_id, external_id) in new.items()
    ]
    await insert_rows(db, CustomerReference, rows)
    await stamp(db, CustomerReference.__table__.c.customer_id, [draft.id for draft in new if draft.id is not None])
    for draft in new:
        draft.changed()
