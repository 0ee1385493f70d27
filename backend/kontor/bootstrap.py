"""The composition root: settings to database, clock and adapters. Only here is known which adapter serves a port."""

from __future__ import annotations

import base64
import gc
import importlib
import inspect
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import kontor
from kontor.core import inbox, numbering, outbox, sharedclock, statemachine
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.ports import Ports

if TYPE_CHECKING:
    from alembic.config import Config

    from kontor.adapters.payments.simulator.app import Simulator
    from kontor.settings import Settings

# The edges hold no tables, jobs or events of the trade.
EDGES = frozenset({"adapters", "api", "bench", "core", "demo"})
GROUND_TABLES = (inbox, numbering, outbox, sharedclock, statemachine)


@cache
def load_models() -> None:
    """Import every module that declares tables or events."""
    _import_roles("models", "events")
    importlib.import_module("kontor.relay")  # has a table of its own


@cache
def load() -> None:
    """Import every module that declares tables, events, jobs or files, and put the reactions to events in force."""
    load_models()
    _import_roles("jobs", "files", "upload_kinds")
    outbox.route(importlib.import_module("kontor.subscribers").SUBSCRIBERS)


def _import_roles(*roles: str) -> None:
    for package in packages():
        present = {item.name for item in pkgutil.iter_modules(importlib.import_module(f"kontor.{package}").__path__)}
        for role in roles:
            if role in present:
                importlib.import_module(f"kontor.{package}.{role}")


def packages() -> list[str]:
    """The packages of the trade, by name."""
    return sorted(item.name for item in pkgutil.iter_modules(kontor.__path__) if item.ispkg and item.name not in EDGES)


def build(settings: Settings) -> Runtime:
    """What one event loop works with; call it once per loop and `close` it there."""
    load()
    database = Database(settings.database_url, pool_size=settings.database_pool)
    if settings.simulated_clock:
        database.clock = sharedclock.SharedClock(database.engine)
    ports = Ports()
    bind_adapters(ports, settings)
    bind_gift_cards(ports, database)
    return Runtime(database, ports, settings)


def settle() -> None:
    """What a long-running process has loaded by now stays: the collector need not look at it again.

    With the usual thresholds a tenth of a worker's time goes into collections that find nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def close(runtime: Runtime) -> None:
    """End the adapters' and the database's connections."""
    for adapter in runtime.ports.adapters():
        ending = getattr(adapter, "aclose", None) or getattr(adapter, "close", None)
        if ending is not None:
            outcome = ending()
            if inspect.isawaitable(outcome):
                await outcome
    await runtime.database.close()


def bind_adapters(ports: Ports, settings: Settings) -> None:
    """Bind each port to the adapter this installation is set to."""
    from kontor.adapters.messaging import sender_from_settings
    from kontor.adapters.openid import HttpOpenIdProvider
    from kontor.adapters.stock import systems_from_settings
    from kontor.adapters.storage import store_from_url
    from kontor.adapters.webhooks import HttpSender
    from kontor.auth.ports import OpenIdProvider
    from kontor.documents.ports import DocumentStore
    from kontor.documents.rendering import Renderer
    from kontor.imports.ports import FileStore
    from kontor.inventory.ports import LiveStock
    from kontor.notifications.ports import MessageSender
    from kontor.webhooks.ports import WebhookSender

    store = store_from_url(settings.storage_url)
    ports.register(DocumentStore, store)
    ports.register(FileStore, store)
    ports.register(Renderer, Renderer())
    mail = sender_from_settings(settings.smtp_url, mail_from=settings.mail_from, mailbox_dir=settings.mailbox_dir)
    ports.register(MessageSender, mail)
    ports.register(WebhookSender, HttpSender(allow_private=settings.webhooks_to_private))
    ports.register(OpenIdProvider, HttpOpenIdProvider(allow_private=settings.webhooks_to_private))
    for name, system in systems_from_settings(settings.live_stock).items():
        ports.register(LiveStock, system, name=name)
    if settings.vat_register == "vies":
        _bind_vies(ports, settings)
    if settings.imap_url:
        _bind_mailbox(ports, settings)
    _bind_carriers(ports, settings)
    _bind_gateway(ports, settings)


def _bind_mailbox(ports: Ports, settings: Settings) -> None:
    from kontor.adapters.messaging.imap import ImapMailbox
    from kontor.mailroom.ports import IncomingMail

    ports.register(IncomingMail, ImapMailbox(settings.imap_url))


def _bind_carriers(ports: Ports, settings: Settings) -> None:
    """Labels of our own always, carriers where their credentials are set."""
    from kontor.adapters.carriers import dhl_parcel_de, own_label
    from kontor.adapters.payments.wire import connect
    from kontor.carriers.ports import Carrier
    from kontor.documents.rendering import Renderer

    ports.register(Carrier, own_label.OwnLabelCarrier(ports.get(Renderer)), name=own_label.NAME)
    if settings.dhl_api_key:
        dhl = dhl_parcel_de.DhlParcelDe(
            connect(settings.dhl_url or dhl_parcel_de.API_URL, timeout=30.0),
            connect(settings.dhl_tracking_url or dhl_parcel_de.TRACKING_URL),
            api_key=settings.dhl_api_key,
            user=settings.dhl_user,
            password=settings.dhl_password,
        )
        ports.register(Carrier, dhl, name=dhl_parcel_de.NAME)


def _bind_vies(ports: Ports, settings: Settings) -> None:
    from kontor.adapters.tax import VIES_URL, ViesRegister, connect
    from kontor.tax.ports import VatRegister

    ports.register(VatRegister, ViesRegister(connect(settings.vat_register_url or VIES_URL)))


def bind_gift_cards(ports: Ports, database: Database) -> None:
    """The cards that Kontor sold pay as a gateway does, from their balances in the database."""
    from kontor.adapters.payments.gift_cards import NAME, GiftCardGateway
    from kontor.giftcards.desk import GiftCardDesk
    from kontor.payments.ports import PaymentGateway

    ports.register(PaymentGateway, GiftCardGateway(GiftCardDesk(database)), name=NAME)


class GatewayConnection:
    """The connection to the payment gateway, and the simulator behind it where no gateway is set."""

    def __init__(self, settings: Settings) -> None:
        from kontor.adapters.payments import http_gateway

        self.simulator: Simulator | None = None
        transport = None
        if not settings.gateway_url:
            from kontor.adapters.payments.simulator.app import Simulator
            from kontor.adapters.payments.simulator.embedded import EmbeddedTransport

            Path(settings.gateway_ledger).parent.mkdir(parents=True, exist_ok=True)
            self.simulator = Simulator(settings.gateway_ledger)
            transport = EmbeddedTransport(self.simulator)
        self.client = http_gateway.connect(settings.gateway_url or "http://gateway.internal", transport=transport)
        self.gateway = http_gateway.HttpGateway(self.client, webhook_secrets=(webhook_secret(settings),))

    async def aclose(self) -> None:
        """Close the connections and the simulator's books."""
        await self.client.aclose()
        if self.simulator is not None:
            self.simulator.ledger.close()


def webhook_secret(settings: Settings) -> str:
    """The gateway's secret as Standard Webhooks writes it."""
    secret = settings.gateway_secret
    return secret if secret.startswith("whsec_") else "whsec_" + base64.b64encode(secret.encode()).decode()


def _bind_gateway(ports: Ports, settings: Settings) -> None:
    from kontor.payments.ports import PaymentGateway

    connection = GatewayConnection(settings)
    ports.register(GatewayConnection, connection)
    ports.register(PaymentGateway, connection.gateway)
    if settings.stripe_secret_key:
        _bind_stripe(ports, settings)


def _bind_stripe(ports: Ports, settings: Settings) -> None:
    """Stripe for payments that name it, and for those that name no gateway where it is the default."""
    from kontor.adapters.payments.http_gateway import connect
    from kontor.adapters.payments.stripe import API_URL, FILES_URL, StripeGateway
    from kontor.payments.ports import PaymentGateway

    # Stripe may take a while for a card, and an answer given up too early has to be looked for.
    client = connect(settings.stripe_url or API_URL, api_key=settings.stripe_secret_key, timeout=30.0)
    secrets = tuple(secret.strip() for secret in settings.stripe_webhook_secrets.split(",") if secret.strip())
    files = connect(settings.stripe_url or FILES_URL, api_key=settings.stripe_secret_key, timeout=60.0)
    stripe = StripeGateway(client, webhook_secrets=secrets, multi_capture=settings.stripe_multi_capture, files=files)
    ports.register(PaymentGateway, stripe, name="stripe")
    if settings.default_gateway == "stripe":
        ports.register(PaymentGateway, stripe)


# --- migrations: Alembic is imported where it is needed, so that no process waits for it at its start ----------------


def project_root() -> Path:
    """The folder with `migrations`, `frontend` and `schema.graphql`."""
    return Path(kontor.__file__).resolve().parents[2]


def migration_config(url: str) -> Config:
    """Alembic's configuration for one database."""
    from alembic.config import Config

    config = Config(toml_file=project_root() / "pyproject.toml")
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Bring a database up to date; opens an event loop of its own."""
    from alembic import command

    path = url.removeprefix("sqlite+aiosqlite:///")
    if path != url and path not in ("", ":memory:"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(migration_config(url), "head")


@cache
def head_revision() -> str | None:
    """The newest migration there is."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(migration_config("")).get_current_head()


async def current_revision(database: Database) -> str | None:
    """The migration a database is at; None before the first."""
    from alembic.runtime.migration import MigrationContext

    async with database.engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
