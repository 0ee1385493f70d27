"""Finding the caller: each kind of term, typos, rights, and terms that stay true."""

from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.customers import make_customer
from factories.intake import Company, make_company, order_input, place, put_stock
from factories.stories import make_shipment, make_story, make_task
from kontor.auth.permissions import Permission as P
from kontor.care import searching
from kontor.care.asking import SearchKind
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.core.errors import Forbidden
from kontor.core.ids import new_id
from kontor.core.principal import SYSTEM, Principal
from kontor.customers import service, terms
from kontor.customers.models import Customer, SearchTerm
from kontor.invoicing.models import CreditNote, Invoice
from kontor.invoicing.states import InvoiceState
from kontor.orders.intake import Address, CustomerInput
from kontor.orders.models import Order
from kontor.payments.models import Payment
from kontor.payments.states import PaymentMethodKind, PaymentState
from kontor.returns.models import Return
from kontor.returns.states import ReturnState
from support import Client, Principals

Hits = list[tuple[str, str, str]]


async def found(database: Database, term: str, principal: Principal = SYSTEM, **given: Any) -> Hits:
    """Kind, closeness and value of every hit."""
    async with database.read_only(principal) as db:
        result = await searching.search(db, term, **given)
    return [(str(hit.kind), str(hit.closeness), hit.value) for hit in result.hits]


async def shop(database: Database) -> Company:
    """A company with a thousand lamps."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 1000)
    return company


async def test_an_order_is_found_by_each_of_its_numbers_one_slip_forgiven(database: Database) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, number="1000231", external_id="web-778812")
        shipment = await make_shipment(db, story, await make_task(db, story), 3, 1)
        entity = await db.scalar(sa.select(LegalEntity.id))
        amounts = {"currency": "EUR", "net": 1, "tax": 0, "gross": 1, "content": {}}
        of_entity = {"legal_entity_id": entity, "series": "MAIN", "year": 2026, "sequence": 123, "issued_at": db.now}
        invoice = Invoice(
            id=new_id(), number="MAIN-2026-000123", order_id=story.order.id, shipment_id=shipment.id,
            state=InvoiceState.ISSUED, supplied_on=db.now.date(), due_on=db.now.date(), updated_at=db.now,
            **of_entity, **amounts,
        )  # fmt: skip
        db.add(invoice)
        await db.flush()
        db.add(
            CreditNote(
                id=new_id(), number="MAIN-C-2026-000007", order_id=story.order.id, invoice_id=invoice.id,
                source_key="x", **of_entity, **amounts,
            )
        )  # fmt: skip
        db.add(
            Payment(
                id=new_id(), order_id=story.order.id, position=1, kind=PaymentMethodKind.CARD, amount=4000,
                currency="EUR", state=PaymentState.AUTHORIZED, gateway_reference="pi_3Nx81", created_at=db.now,
                updated_at=db.now,
            )
        )  # fmt: skip
        db.add(
            Return(
                id=new_id(), number="R-4711-01", order_id=story.order.id, state=ReturnState.REQUESTED, currency="EUR",
                requested_at=db.now, requested_by="x", updated_at=db.now,
            )
        )  # fmt: skip
    known = {
        "1000231": "ORDER_NUMBER",
        "web-778812": "EXTERNAL_NUMBER",
        "main2026000123": "INVOICE",
        "MAIN-C-2026-000007": "CREDIT_NOTE",
        "r-4711-01": "RETURN",
        "00340": "PARCEL",
        "pi_3Nx81": "PAYMENT",
    }
    for term, kind in known.items():
        assert [(hit[0], hit[1]) for hit in await found(database, term)] == [(kind, "EXACT")], term
    slips = {
        "1000321": "ORDER_NUMBER",
        "#100231": "ORDER_NUMBER",
        "web-77812": "EXTERNAL_NUMBER",
        "MAIN-2026-000132": "INVOICE",
        "MAIN-C-2026-00007": "CREDIT_NOTE",
        "R-4711-11": "RETURN",
        "00430": "PARCEL",
    }
    for term, kind in slips.items():
        assert [(hit[0], hit[1]) for hit in await found(database, term)] == [(kind, "SIMILAR")], term
    assert await found(database, "9999999") == []


async def test_a_caller_is_found_by_what_they_know_of_themselves(database: Database) -> None:
    company = await shop(database)
    who = CustomerInput("Jürgen Großkopf", "j.grosskopf@firma.example", phone="+49 40 123456-78", company="Nord GmbH")
    other = Address("Änne Petersen", "Kai 9", "24103", "Kiel", "DE", phone="0431 998877")
    await place(database, company, order_input(company.channel, ("LAMP", 1), customer=who, shipping_address=other))
    exact = {
        "grosskopf": "NAME",
        "GROẞKOPF": "NAME",
        "großkopf jürgen": "NAME",
        "nord gmbh": "NAME",
        "J.Grosskopf@Firma.example": "EMAIL",
        "040 12345678": "PHONE",
        "+494012345678": "PHONE",
        "änne petersen 24103": "NAME",
        "24103": "POSTAL_CODE",
        "0431/998877": "PHONE",
    }
    for term, kind in exact.items():
        assert [(hit[0], hit[1]) for hit in await found(database, term)] == [(kind, "EXACT")], term
    for term, kind in {"ürge": "NAME", "grosskopf@firma": "EMAIL", "petersen 241": "NAME"}.items():
        assert [(hit[0], hit[1]) for hit in await found(database, term)] == [(kind, "PART")], term
    similar = {
        "groskopf": "NAME",
        "jurgen": "NAME",
        "j.grosskpof@firma.example": "EMAIL",
        "040 12345687": "PHONE",
        "+49 40 1234567": "PHONE",
        "peterson 24103": "NAME",
    }
    for term, kind in similar.items():
        assert [(hit[0], hit[1]) for hit in await found(database, term)] == [(kind, "SIMILAR")], term
    assert await found(database, "grosskopf 99999") == []
    assert await found(database, "grosskopf", kinds=[SearchKind.EMAIL]) == []


async def test_terms_stay_true_when_people_change(database: Database) -> None:
    """A new name is found, the old one is not; what an order says stays."""
    company = await shop(database)
    who = CustomerInput("Anna Alt", "anna@alt.example")
    await place(database, company, order_input(company.channel, ("LAMP", 1), customer=who))
    async with database.unit_of_work() as db:
        number = str(await db.scalar(sa.select(Customer.number)))
        address: Any = {"name": "Anna Neu", "street": "Weg 1", "postal_code": "8010", "city": "Graz", "country": "AT"}
        await service.save_customers(db, [{"number": number, "name": "Anna Neu", "addresses": [address]}])
    assert await found(database, "alt", kinds=[SearchKind.NAME]) == []
    assert [hit[0] for hit in await found(database, "neu 8010")] == ["NAME"]
    assert [hit[0] for hit in await found(database, "fock 20459")] == ["NAME"]
    again = order_input(company.channel, ("LAMP", 1), customer=CustomerInput("Anna Neu", "anna@alt.example"))
    await place(database, company, again, order_input(company.channel, ("LAMP", 1), customer=again.customer))
    async with database.read_only() as db:
        twice = await db.scalar(sa.select(sa.func.count()).select_from(SearchTerm).where(SearchTerm.term == "neu"))
    assert twice == 1


async def test_many_namesakes_are_too_many_and_a_postal_code_tells_them_apart(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_PEOPLE", 4)
    rows: list[Any] = [
        {
            "number": f"C{n}",
            "name": "Maria Huber",
            "addresses": [{"name": "x", "street": "y", "postal_code": f"80{n:02}", "city": "Graz", "country": "AT"}],
        }
        for n in range(6)
    ]
    async with database.unit_of_work() as db:
        await service.save_customers(db, rows)
    async with database.read_only() as db:
        many = await searching.search(db, "huber")
        one = await searching.search(db, "huber 8003")
    assert (len(many.hits), many.too_many) == (4, True)
    assert (len(one.hits), one.too_many) == (1, False)


async def test_who_may_not_see_people_finds_numbers_and_reads_no_names(
    database: Database, client: Client, principals: Principals
) -> None:
    company = await shop(database)
    await place(database, company, order_input(company.channel, ("LAMP", 1)))
    async with database.read_only() as db:
        number = await db.scalar(sa.select(Order.number))
    query = """query S($term: String!) { search(term: $term) { tooMany hits { kind order { number }
        person { id name email city masked } orders { number } } } }"""
    partly = principals.holding(P.CARE_READ, P.ORDERS_READ)
    seen = {}
    for name, who in (("masked", partly), ("plain", principals.admin)):
        for term in (number, "greta"):
            answer = await client.graphql(query, {"term": term}, principal=who)
            seen[name, term == "greta"] = answer["data"]["search"]["hits"]
    person = {"id": None, "name": "G. F.", "email": "g…@fock.example", "city": "Hamburg", "masked": True}
    assert [hit["person"] for hit in seen["masked", False]] == [person]
    assert seen["masked", True] == []
    assert [hit["person"]["name"] for hit in seen["plain", False]] == ["Greta Fock"]
    assert [hit["orders"] for hit in seen["plain", True]] == [[{"number": number}]]
    refused = await client.graphql(query, {"term": "%%"}, principal=principals.admin)
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["INVALID_SEARCH"]


@pytest.mark.parametrize("scope", ["partner_id", "customer_id", "channel_ids", "location_ids"])
async def test_who_sees_only_a_part_of_the_company_may_not_search(
    database: Database, principals: Principals, scope: str
) -> None:
    given = new_id() if scope.endswith("id") else frozenset({new_id()})
    with pytest.raises(Forbidden):
        await found(database, "1000231", principals.holding(*P, **{scope: given}))


async def test_who_was_made_without_terms_is_found_once_they_are_learned(database: Database) -> None:
    """What a repair or a merge calls: terms follow from rows alone."""
    async with database.unit_of_work() as db:
        customer = await make_customer(db, name="Nora Nacht", phone="0660 7654321")
    assert await found(database, "nacht") == []
    async with database.unit_of_work() as db:
        await terms.relearn(db, [customer.id])
    assert [hit[0] for hit in await found(database, "nacht")] == ["NAME"]
    assert [hit[0] for hit in await found(database, "+436607654321")] == ["PHONE"]
