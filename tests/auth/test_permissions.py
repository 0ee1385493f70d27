"""Roles and scopes give what their holders need and no more."""

import re

import pytest

from kontor.auth.permissions import (
    CUSTOMER,
    GRANTABLE,
    ROLES,
    ClientKind,
    Permission,
    Role,
    for_customer,
    of_role,
    of_scopes,
)

P = Permission


def test_the_list_is_alphabetical_and_values_follow_the_names() -> None:
    names = [item.name for item in Permission]
    assert names == sorted(names, key=lambda name: name.replace("_", ""))
    for item in Permission:
        assert re.fullmatch(r"[a-z_]+:[a-z]+", item)
        assert item.replace(":", "_").upper() == item.name


def test_every_role_has_a_bundle_and_only_admins_manage_people() -> None:
    """Machines are managed by admins, and those of a partner by its own head; `auth.clients` keeps them to it."""
    assert set(ROLES) == set(Role)
    assert [role for role in Role if P.USERS_WRITE in of_role(role)] == [Role.ADMIN]
    assert {role for role in Role if P.CLIENTS_WRITE in of_role(role)} == {Role.ADMIN, Role.DROPSHIPPER}


def test_an_admin_may_everything() -> None:
    assert of_role(Role.ADMIN) == frozenset(Permission)


def test_a_dropshipper_sees_neither_orders_nor_customers_nor_money() -> None:
    hidden = {P.ORDERS_READ, P.CUSTOMERS_READ, P.PAYMENTS_READ, P.INVOICES_READ, P.EVENTS_READ, P.PRICES_READ}
    assert not hidden & of_role(Role.DROPSHIPPER)


def test_a_care_lead_may_all_that_an_agent_may() -> None:
    assert of_role(Role.CARE_AGENT) < of_role(Role.CARE_LEAD)


def test_store_staff_do_not_touch_money() -> None:
    for role in (Role.STORE_ASSOCIATE, Role.STORE_MANAGER):
        assert not {P.REFUNDS_WRITE, P.PAYMENTS_READ, P.PRICES_WRITE} & of_role(role)


@pytest.mark.parametrize("kind", ClientKind)
def test_no_machine_can_be_granted_to_make_people_or_machines(kind: ClientKind) -> None:
    assert not {P.USERS_WRITE, P.CLIENTS_WRITE, P.SETTINGS_WRITE, P.PARTNERSHIP_WRITE} & GRANTABLE[kind]


def test_a_shop_can_be_granted_what_its_customers_need() -> None:
    assert GRANTABLE[ClientKind.SHOP] > CUSTOMER


def test_scopes_that_name_no_permission_give_nothing() -> None:
    assert of_scopes(["orders:read", "orders:fly", ""]) == {P.ORDERS_READ}


def test_a_customer_gets_no_more_than_the_client_has() -> None:
    client = {P.ORDERS_READ, P.ORDERS_PLACE, P.RETURNS_REQUEST}
    assert for_customer(client) == {P.ORDERS_READ, P.RETURNS_REQUEST}
