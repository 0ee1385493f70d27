"""What can be allowed at all, and the bundles in which it is given out.

A permission says what may be done; where it may be done is the scope of the principal (partner, stores, channels, one
customer). API clients are granted permissions one by one, as OAuth scopes of the same text.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Permission(StrEnum):
    """Every permission, in alphabetical order; the value is also the OAuth scope."""

    AUDIT_READ = "audit:read"
    AVAILABILITY_READ = "availability:read"  # what can be promised, without the counters behind it
    CARE_ASSIGN = "care:assign"  # give on or put back what somebody else looks after
    CARE_READ = "care:read"
    CARE_WRITE = "care:write"
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    CHANNELS_READ = "channels:read"
    CHANNELS_WRITE = "channels:write"
    CLAIMS_WRITE = "claims:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    CUSTOMERS_ERASE = "customers:erase"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    CUSTOMER_TOKENS_WRITE = "customer_tokens:write"
    DISPUTES_WRITE = "disputes:write"  # contest or accept what customers complain of at their banks
    DUNNING_WRITE = "dunning:write"  # pause reminders, agree on instalments
    EVENTS_READ = "events:read"
    EXCHANGES_WRITE = "exchanges:write"
    FULFILLMENT_READ = "fulfillment:read"
    FULFILLMENT_ROUTE = "fulfillment:route"  # move work to another place
    FULFILLMENT_WRITE = "fulfillment:write"
    GOODWILL_WRITE = "goodwill:write"
    HOLDS_WRITE = "holds:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    INVOICES_READ = "invoices:read"
    INVOICES_WRITE = "invoices:write"
    JOURNAL_READ = "journal:read"
    LEDGER_WRITE = "ledger:write"  # accounts, exports, what is done about open items
    LOCATIONS_READ = "locations:read"
    LOCATIONS_WRITE = "locations:write"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    OFFERS_READ = "offers:read"  # what partners offer and ask for it; a partner its own
    OFFERS_REVIEW = "offers:review"  # put offers on sale or send them back
    OFFERS_WRITE = "offers:write"
    OPERATIONS_READ = "operations:read"  # dead letters, queues, alerts
    OPERATIONS_WRITE = "operations:write"  # repeat and discard dead letters, replay events
    ORDERS_CANCEL = "orders:cancel"
    ORDERS_CHANGE = "orders:change"
    ORDERS_PLACE = "orders:place"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"  # notes, tags, addresses: what neither places, changes nor cancels
    PARTNERSHIP_WRITE = "partnership:write"  # one's own company, places and people, as a partner
    PARTNERS_READ = "partners:read"
    PARTNERS_WRITE = "partners:write"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    PRICES_READ = "prices:read"
    PRICES_WRITE = "prices:write"
    PROCESSES_READ = "processes:read"
    PROCESSES_WRITE = "processes:write"
    PROMOTIONS_READ = "promotions:read"
    PROMOTIONS_WRITE = "promotions:write"
    REFUNDS_APPROVE = "refunds:approve"  # let go what is above the limit of whoever asked
    REFUNDS_WRITE = "refunds:write"
    REPORTS_READ = "reports:read"
    RETURNS_DECIDE = "returns:decide"  # say of goods that came back whether they are accepted; shows no price
    RETURNS_READ = "returns:read"
    RETURNS_REQUEST = "returns:request"  # announce a return; receiving and inspecting is returns:write
    RETURNS_WRITE = "returns:write"
    RISK_REVIEW = "risk:review"
    RISK_WRITE = "risk:write"
    ROUTING_READ = "routing:read"
    ROUTING_WRITE = "routing:write"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    TAX_READ = "tax:read"
    TAX_WRITE = "tax:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


class Role(StrEnum):
    """What a person is to the company."""

    ADMIN = "ADMIN"
    OPERATIONS = "OPERATIONS"
    FINANCE = "FINANCE"
    CARE_AGENT = "CARE_AGENT"
    CARE_LEAD = "CARE_LEAD"
    STORE_ASSOCIATE = "STORE_ASSOCIATE"
    STORE_MANAGER = "STORE_MANAGER"
    DROPSHIPPER = "DROPSHIPPER"
    DROPSHIPPER_STAFF = "DROPSHIPPER_STAFF"


class ClientKind(StrEnum):
    """What a machine is to the company; a shop sees its channels, a partner's system its partner."""

    SHOP = "SHOP"
    PARTNER = "PARTNER"
    INTEGRATION = "INTEGRATION"


P = Permission
Bundle = frozenset[Permission]

_MASTERS: Bundle = frozenset(
    {P.AVAILABILITY_READ, P.CATALOG_READ, P.CHANNELS_READ, P.LOCATIONS_READ, P.PRICES_READ, P.STOCK_READ, P.TAX_READ}
)

OPERATIONS: Bundle = _MASTERS | {
    P.CARE_READ,
    P.CATALOG_WRITE,
    P.CHANNELS_WRITE,
    P.CUSTOMERS_READ,
    P.EVENTS_READ,
    P.FULFILLMENT_READ,
    P.FULFILLMENT_ROUTE,
    P.FULFILLMENT_WRITE,
    P.HOLDS_WRITE,
    P.IMPORTS_READ,
    P.IMPORTS_WRITE,
    P.INVOICES_READ,
    P.LOCATIONS_WRITE,
    P.NOTIFICATIONS_READ,
    P.NOTIFICATIONS_WRITE,
    P.OFFERS_READ,
    P.OFFERS_REVIEW,
    P.OFFERS_WRITE,
    P.OPERATIONS_READ,
    P.OPERATIONS_WRITE,
    P.ORDERS_CANCEL,
    P.ORDERS_CHANGE,
    P.ORDERS_PLACE,
    P.ORDERS_READ,
    P.ORDERS_WRITE,
    P.PARTNERS_READ,
    P.PARTNERS_WRITE,
    P.PAYMENTS_READ,
    P.PRICES_WRITE,
    P.PROCESSES_READ,
    P.PROCESSES_WRITE,
    P.PROMOTIONS_READ,
    P.PROMOTIONS_WRITE,
    P.REPORTS_READ,
    P.RETURNS_DECIDE,
    P.RETURNS_READ,
    P.RETURNS_REQUEST,
    P.RETURNS_WRITE,
    P.RISK_REVIEW,
    P.ROUTING_READ,
    P.ROUTING_WRITE,
    P.SETTINGS_READ,
    P.STOCK_WRITE,
    P.WEBHOOKS_READ,
    P.WEBHOOKS_WRITE,
}

FINANCE: Bundle = _MASTERS | {
    P.AUDIT_READ,
    P.CUSTOMERS_READ,
    P.DISPUTES_WRITE,
    P.DUNNING_WRITE,
    P.EVENTS_READ,
    P.INVOICES_READ,
    P.INVOICES_WRITE,
    P.JOURNAL_READ,
    P.LEDGER_WRITE,
    P.ORDERS_READ,
    P.PARTNERS_READ,
    P.PAYMENTS_READ,
    P.PAYMENTS_WRITE,
    P.PROMOTIONS_READ,
    P.REFUNDS_APPROVE,
    P.REFUNDS_WRITE,
    P.REPORTS_READ,
    P.RETURNS_READ,
    P.TAX_WRITE,
}

CARE_AGENT: Bundle = _MASTERS | {
    P.CARE_READ,
    P.CARE_WRITE,
    P.CLAIMS_WRITE,
    P.CUSTOMERS_READ,
    P.CUSTOMERS_WRITE,
    P.DISPUTES_WRITE,
    P.DUNNING_WRITE,
    P.EVENTS_READ,
    P.EXCHANGES_WRITE,
    P.FULFILLMENT_READ,
    P.GOODWILL_WRITE,
    P.HOLDS_WRITE,
    P.INVOICES_READ,
    P.NOTIFICATIONS_READ,
    P.ORDERS_CANCEL,
    P.ORDERS_CHANGE,
    P.ORDERS_PLACE,
    P.ORDERS_READ,
    P.ORDERS_WRITE,
    P.PAYMENTS_READ,
    P.PROCESSES_READ,
    P.PROMOTIONS_READ,
    P.REFUNDS_WRITE,
    P.RETURNS_READ,
    P.RETURNS_REQUEST,
    P.ROUTING_READ,
}

CARE_LEAD: Bundle = CARE_AGENT | {
    P.CARE_ASSIGN,
    P.CUSTOMERS_ERASE,
    P.FULFILLMENT_ROUTE,
    P.NOTIFICATIONS_WRITE,
    P.REFUNDS_APPROVE,
    P.REPORTS_READ,
    P.RETURNS_WRITE,
    P.RISK_REVIEW,
    P.SETTINGS_READ,
    P.USERS_READ,
}

STORE_ASSOCIATE: Bundle = frozenset(
    {
        P.AVAILABILITY_READ,
        P.CATALOG_READ,
        P.FULFILLMENT_READ,
        P.FULFILLMENT_WRITE,
        P.LOCATIONS_READ,
        P.ORDERS_READ,
        P.PRICES_READ,
        P.RETURNS_READ,
        P.RETURNS_REQUEST,
        P.RETURNS_WRITE,
        P.STOCK_READ,
    }
)

STORE_MANAGER: Bundle = STORE_ASSOCIATE | {P.IMPORTS_READ, P.IMPORTS_WRITE, P.REPORTS_READ, P.STOCK_WRITE}

# Nothing that shows more of a customer than what is needed to ship.
DROPSHIPPER_STAFF: Bundle = frozenset(
    {
        P.CATALOG_READ,
        P.FULFILLMENT_READ,
        P.FULFILLMENT_WRITE,
        P.IMPORTS_READ,
        P.IMPORTS_WRITE,
        P.LOCATIONS_READ,
        P.OFFERS_READ,
        P.OFFERS_WRITE,
        P.PARTNERS_READ,
        P.RETURNS_DECIDE,
        P.STOCK_READ,
        P.STOCK_WRITE,
    }
)

# A partner's own systems: their keys, and where events are pushed to.
CONNECT: Bundle = frozenset({P.CLIENTS_READ, P.CLIENTS_WRITE, P.WEBHOOKS_READ, P.WEBHOOKS_WRITE})
DROPSHIPPER: Bundle = DROPSHIPPER_STAFF | CONNECT | {P.PARTNERSHIP_WRITE}

ROLES: Mapping[Role, Bundle] = {
    Role.ADMIN: frozenset(Permission),
    Role.OPERATIONS: OPERATIONS,
    Role.FINANCE: FINANCE,
    Role.CARE_AGENT: CARE_AGENT,
    Role.CARE_LEAD: CARE_LEAD,
    Role.STORE_ASSOCIATE: STORE_ASSOCIATE,
    Role.STORE_MANAGER: STORE_MANAGER,
    Role.DROPSHIPPER: DROPSHIPPER,
    Role.DROPSHIPPER_STAFF: DROPSHIPPER_STAFF,
}
STORE_ROLES = frozenset({Role.STORE_ASSOCIATE, Role.STORE_MANAGER})
PARTNER_ROLES = frozenset({Role.DROPSHIPPER, Role.DROPSHIPPER_STAFF})

# A customer gets of these what the shop's client holds itself; prices and places stay with the client.
CUSTOMER: Bundle = frozenset(
    {
        P.CLAIMS_WRITE,
        P.INVOICES_READ,
        P.ORDERS_CANCEL,
        P.ORDERS_CHANGE,
        P.ORDERS_READ,
        P.RETURNS_READ,
        P.RETURNS_REQUEST,
    }
)

GRANTABLE: Mapping[ClientKind, Bundle] = {
    ClientKind.SHOP: CUSTOMER
    | {
        P.AVAILABILITY_READ,
        P.CATALOG_READ,
        P.CHANNELS_READ,
        P.CUSTOMERS_READ,
        P.CUSTOMERS_WRITE,
        P.CUSTOMER_TOKENS_WRITE,
        P.EVENTS_READ,
        P.EXCHANGES_WRITE,
        P.FULFILLMENT_READ,
        P.LOCATIONS_READ,
        P.ORDERS_CHANGE,
        P.ORDERS_PLACE,
        P.ORDERS_WRITE,
        P.PAYMENTS_READ,
        P.PRICES_READ,
        P.WEBHOOKS_READ,
        P.WEBHOOKS_WRITE,
    },
    ClientKind.PARTNER: DROPSHIPPER_STAFF | {P.WEBHOOKS_READ, P.WEBHOOKS_WRITE},
    # A machine that could make people or machines, or say who vouches for them, could make itself anything.
    ClientKind.INTEGRATION: frozenset(Permission)
    - {P.CLIENTS_WRITE, P.PARTNERSHIP_WRITE, P.SETTINGS_WRITE, P.USERS_WRITE},
}


def of_role(role: Role) -> Bundle:
    """What a person of this role may do."""
    return ROLES[role]


def of_scopes(scopes: Iterable[str]) -> Bundle:
    """The permissions a list of scopes stands for; texts that name none (any more) are left out."""
    known = {str(item): item for item in Permission}
    return frozenset(known[item] for item in scopes if item in known)


def for_customer(client_permissions: Iterable[str]) -> Bundle:
    """What a customer may do through a client: never more than the client itself."""
    return CUSTOMER & frozenset(client_permissions)
