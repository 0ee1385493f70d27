"""People, machines and the audit trail through the API."""

from typing import Any

import pytest
import sqlalchemy as sa

from factories.auth import PASSWORD, ids, make_client, make_user
from factories.channels import make_channel
from factories.customers import make_customer
from factories.locations import make_location
from kontor.api.http.session import authenticate, gate
from kontor.auth.errors import InvalidToken
from kontor.auth.permissions import ClientKind, Permission, Role
from kontor.auth.queries import client_principal, user_principal
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.customers.models import Customer, CustomerReference
from support import Client, Principals

CREATE_USER = """mutation($input: UserInput!, $password: String!) { createUser(input: $input, password: $password) {
  ... on UserPayload { user { id email role active locationIds } } ... on Error { code path } } }"""
CREATE_CLIENT = """mutation($input: ApiClientInput!) { createApiClient(input: $input) {
  ... on ApiClientPayload { secret apiClient { id clientId scopes kind channelIds } } ... on Error { code path } } }"""
ROTATE = """mutation($id: UUID!, $hours: Int!) { rotateApiClientSecret(id: $id, overlapHours: $hours) {
  ... on ApiClientPayload { secret apiClient { id } } ... on Error { code path } } }"""
REVOKE = """mutation($id: UUID!) { revokeApiClient(id: $id) {
  ... on ApiClientPayload { secret apiClient { active } } ... on Error { code path } } }"""
TOKEN = """mutation($customer: UUID!, $channel: UUID!, $seconds: Int!) {
  createCustomerToken(customerId: $customer, channelId: $channel, expiresIn: $seconds) {
  ... on CustomerTokenPayload { token expiresAt } ... on Error { code path } } }"""
AUDIT = "query($f: AuditFilter) { auditEntries(filter: $f) { nodes { operation principalName targets details } } }"
PASSWORDS = """mutation($current: String!, $new: String!) { changePassword(current: $current, new: $new) {
  ... on UserPayload { user { email } } ... on Error { code path } } }"""


def described(**given: Any) -> dict[str, Any]:
    return {"email": "anna@kontor.example", "name": "Anna", "role": "FINANCE"} | given


async def test_nobody_is_me_and_a_user_sees_their_rights(
    client: Client, principals: Principals, runtime: Runtime
) -> None:
    query = "{ me { kind name permissions partnerId locationIds user { email role } } }"
    assert (await client.graphql(query, principal=principals.anonymous))["data"] == {"me": None}
    async with runtime.database.unit_of_work() as db:
        store = await make_location(db)
        user = await make_user(
            db, email="anna@kontor.example", role=Role.STORE_ASSOCIATE, location_ids=ids(store), name="Anna"
        )
    me = (await client.graphql(query, principal=user_principal(user, ids(store))))["data"]["me"]
    assert (me["kind"], me["name"], me["locationIds"], me["partnerId"]) == ("USER", "Anna", [str(store.id)], None)
    assert me["user"] == {"email": "anna@kontor.example", "role": "STORE_ASSOCIATE"}
    assert "users:write" not in me["permissions"]


async def test_a_user_is_created_noted_and_listed(client: Client, principals: Principals, runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as db:
        store = await make_location(db)
    given = described(role="STORE_MANAGER", locationIds=[str(store.id)])
    answer = await client.graphql(CREATE_USER, {"input": given, "password": PASSWORD}, principal=principals.admin)
    user = answer["data"]["createUser"]["user"]
    assert (user["email"], user["role"], user["locationIds"]) == (given["email"], "STORE_MANAGER", [str(store.id)])
    listed = await client.graphql("{ users { nodes { id locationIds } } }", principal=principals.admin)
    assert listed["data"]["users"]["nodes"] == [{"id": user["id"], "locationIds": [str(store.id)]}]
    trail = await client.graphql(AUDIT, {"f": {"targetId": user["id"]}}, principal=principals.admin)
    assert trail["data"]["auditEntries"]["nodes"] == [
        {
            "operation": "createUser",
            "principalName": "Test User",
            "targets": [f"user:{user['id']}"],
            "details": {"email": given["email"], "role": "STORE_MANAGER"},
        }
    ]
    assert PASSWORD not in str(trail)


async def test_refusals_name_the_argument_at_fault(client: Client, principals: Principals) -> None:
    for given, password, code, path in (
        (described(email="nobody"), PASSWORD, "INVALID_EMAIL", ["input", "email"]),
        (described(), "short", "WEAK_PASSWORD", ["password"]),
        (described(role="DROPSHIPPER"), PASSWORD, "PARTNER_MISMATCH", ["input", "partnerId"]),
    ):
        answer = await client.graphql(CREATE_USER, {"input": given, "password": password}, principal=principals.admin)
        assert answer["data"]["createUser"] == {"code": code, "path": path}


async def test_a_change_of_rights_is_made_and_an_unknown_user_not_found(
    client: Client, principals: Principals, runtime: Runtime
) -> None:
    update = """mutation($id: UUID!, $input: UserInput!) { updateUser(id: $id, input: $input) {
      ... on UserPayload { user { role active } } ... on Error { code path } } }"""
    async with runtime.database.unit_of_work() as db:
        user = await make_user(db, role=Role.CARE_AGENT)
    variables = {"id": str(user.id), "input": described(active=False)}
    answer = await client.graphql(update, variables, principal=principals.admin)
    assert answer["data"]["updateUser"] == {"user": {"role": "FINANCE", "active": False}}
    answer = await client.graphql(update, {**variables, "id": str(new_id())}, principal=principals.admin)
    assert answer["data"]["updateUser"] == {"code": "USER_NOT_FOUND", "path": ["id"]}


async def test_ones_own_password_needs_the_present_one(
    client: Client, principals: Principals, runtime: Runtime
) -> None:
    async with runtime.database.unit_of_work() as db:
        user = await make_user(db)
    me = user_principal(user, frozenset())
    wrong = await client.graphql(PASSWORDS, {"current": "wrong", "new": "another good one"}, principal=me)
    weak = await client.graphql(PASSWORDS, {"current": PASSWORD, "new": "short"}, principal=me)
    right = await client.graphql(PASSWORDS, {"current": PASSWORD, "new": "another good one"}, principal=me)
    assert wrong["data"]["changePassword"] == {"code": "WRONG_PASSWORD", "path": ["current"]}
    assert weak["data"]["changePassword"] == {"code": "WEAK_PASSWORD", "path": ["new"]}
    assert right["data"]["changePassword"] == {"user": {"email": user.email}}
    nobody = await client.graphql(PASSWORDS, {"current": "a", "new": "b"}, principal=principals.anonymous)
    assert nobody["data"]["changePassword"]["code"] == "UNAUTHENTICATED"


async def test_a_machine_gets_a_secret_once(client: Client, principals: Principals) -> None:
    given = {"name": "ERP", "kind": "INTEGRATION", "scopes": ["stock:write", "stock:read"]}
    headers = {"idempotency-key": "make-erp"}
    first = await client.graphql(CREATE_CLIENT, {"input": given}, principal=principals.admin, headers=headers)
    again = await client.graphql(CREATE_CLIENT, {"input": given}, principal=principals.admin, headers=headers)
    made, repeated = first["data"]["createApiClient"], again["data"]["createApiClient"]
    assert made["secret"].startswith("kcs_")
    assert made["apiClient"]["scopes"] == ["stock:read", "stock:write"]
    assert (repeated["secret"], repeated["apiClient"]) == (None, made["apiClient"])


async def test_a_machine_is_rotated_and_revoked(client: Client, principals: Principals, runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as db:
        made = await make_client(db)
    row = str(made.client.id)
    rotated = await client.graphql(ROTATE, {"id": row, "hours": 1}, principal=principals.admin)
    assert rotated["data"]["rotateApiClientSecret"]["secret"] not in (None, made.secret)
    too_long = await client.graphql(ROTATE, {"id": row, "hours": 721}, principal=principals.admin)
    assert too_long["data"]["rotateApiClientSecret"] == {"code": "INVALID_OVERLAP", "path": ["overlapHours"]}
    revoked = await client.graphql(REVOKE, {"id": row}, principal=principals.admin)
    assert revoked["data"]["revokeApiClient"] == {"secret": None, "apiClient": {"active": False}}
    late = await client.graphql(ROTATE, {"id": row, "hours": 1}, principal=principals.admin)
    assert late["data"]["rotateApiClientSecret"]["code"] == "API_CLIENT_INACTIVE"
    listed = await client.graphql("{ apiClients(active: true) { nodes { id } } }", principal=principals.admin)
    assert listed["data"]["apiClients"]["nodes"] == []


async def test_a_scope_that_cannot_be_granted_is_named(client: Client, principals: Principals) -> None:
    given = {"name": "ERP", "kind": "INTEGRATION", "scopes": ["users:write"]}
    answer = await client.graphql(CREATE_CLIENT, {"input": given}, principal=principals.admin)
    assert answer["data"]["createApiClient"] == {"code": "SCOPE_NOT_GRANTABLE", "path": ["input", "scopes"]}


async def test_a_shop_gets_tokens_for_its_customers_and_channels_only(
    client: Client, principals: Principals, runtime: Runtime
) -> None:
    async with runtime.database.unit_of_work() as db:
        channel, other, customer = await make_channel(db), await make_channel(db), await make_customer(db)
        scopes = frozenset({"customer_tokens:write", "orders:read"})
        made = await make_client(db, kind=ClientKind.SHOP, scopes=scopes, channel_ids=ids(channel))
        strange, before = await make_customer(db), await make_customer(db)
        db.add(CustomerReference(channel_id=channel.id, external_id="17", customer_id=customer.id))
        before.merged_into_id = customer.id
    shop = client_principal(made.client, ids(channel), scopes=made.client.scopes)
    wanted: dict[str, Any] = {"customer": str(customer.id), "channel": str(channel.id), "seconds": 600}
    answer = await client.graphql(TOKEN, wanted, principal=shop)
    token = answer["data"]["createCustomerToken"]["token"]
    acting = await authenticate({"authorization": f"Bearer {token}"}, runtime)
    assert (acting.customer_id, acting.channel_ids, acting.permissions) == (
        customer.id,
        ids(channel),
        frozenset({"orders:read"}),
    )
    for changed, code, path in (
        ({"channel": str(other.id)}, "CHANNEL_NOT_FOUND", "channelId"),
        ({"customer": str(new_id())}, "CUSTOMER_NOT_FOUND", "customerId"),
        ({"customer": str(strange.id)}, "CUSTOMER_NOT_FOUND", "customerId"),
        ({"seconds": 86_401}, "INVALID_LIFETIME", "expiresIn"),
        ({"seconds": 0}, "INVALID_LIFETIME", "expiresIn"),
    ):
        answer = await client.graphql(TOKEN, wanted | changed, principal=shop)
        assert answer["data"]["createCustomerToken"] == {"code": code, "path": [path]}
    answer = await client.graphql(TOKEN, wanted, principal=principals.admin)
    assert answer["data"]["createCustomerToken"]["code"] == "NOT_A_SHOP"
    # Who was merged acts as the living one; who was erased acts no more, with no token of theirs.
    answer = await client.graphql(TOKEN, wanted | {"customer": str(before.id)}, principal=shop)
    bearer = {"authorization": f"Bearer {answer['data']['createCustomerToken']['token']}"}
    assert (await authenticate(bearer, runtime)).customer_id == customer.id
    async with runtime.database.unit_of_work() as db:
        await db.execute(sa.update(Customer).where(Customer.id == customer.id).values(erased_at=db.now))
    gate(runtime).cache.clear()
    with pytest.raises(InvalidToken):
        await authenticate(bearer, runtime)
    answer = await client.graphql(TOKEN, wanted, principal=shop)
    assert answer["data"]["createCustomerToken"]["code"] == "CUSTOMER_NOT_FOUND"


async def test_everything_needs_its_permission(client: Client, principals: Principals) -> None:
    lesser = principals.holding(*(set(Permission) - {"users:read", "clients:read", "audit:read"}))
    for query in ("{ users { nodes { id } } }", "{ apiClients { nodes { id } } }", "{ auditEntries { nodes { id } } }"):
        answer = await client.graphql(query, principal=lesser)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    weak = principals.holding(*(set(Permission) - {"users:write", "clients:write", "customer_tokens:write"}))
    row = str(new_id())
    for query, variables in (
        (CREATE_USER, {"input": described(), "password": PASSWORD}),
        (REVOKE, {"id": row}),
        (ROTATE, {"id": row, "hours": 1}),
        (CREATE_CLIENT, {"input": {"name": "ERP", "kind": "INTEGRATION", "scopes": ["stock:read"]}}),
        (TOKEN, {"customer": row, "channel": row, "seconds": 60}),
    ):
        answer = await client.graphql(query, variables, principal=weak)
        assert next(iter(answer["data"].values()))["code"] == "FORBIDDEN"
