"""Customers."""

from typing import Any

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.customers.models import Customer, CustomerAddress, CustomerKind


async def make_customer(db: Session, **given: Any) -> Customer:
    """A German consumer; the keys of matching follow from `name` and `email`."""
    name, email = given.get("name", "Erika Mustermann"), given.get("email", f"erika-{new_id().hex[-8:]}@example.com")
    values: dict[str, Any] = {
        "id": new_id(),
        "number": f"C-{new_id().hex[-8:]}",
        "kind": CustomerKind.PERSON,
        "name": name,
        "name_key": name.casefold(),
        "email": email,
        "email_key": email and email.lower(),
        "language": "de",
        "tags": [],
        "consents": {},
        "created_at": db.now,
        "updated_at": db.now,
    }
    customer = Customer(**(values | given))
    db.add(customer)
    await db.flush()
    return customer


async def make_address(db: Session, customer: Customer, **given: Any) -> CustomerAddress:
    """A shipping address in Munich."""
    values: dict[str, Any] = {
        "id": new_id(),
        "customer_id": customer.id,
        "name": customer.name,
        "street": "Marienplatz 8",
        "postal_code": "80331",
        "city": "München",
        "country": "DE",
        "created_at": db.now,
    }
    address = CustomerAddress(**(values | given))
    db.add(address)
    await db.flush()
    return address
