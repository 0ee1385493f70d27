"""Deployment facts from the environment: read once, frozen, passed on. Business settings are data elsewhere."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

PREFIX = "KONTOR_"
SIMULATOR_SECRET = "simulator-webhook-secret"  # noqa: S105 - known to everybody, so refused in production


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and how this installation runs. Each field is `KONTOR_<NAME>`; see docs/operations.md."""

    database_url: str = "sqlite+aiosqlite:///var/kontor.db"
    redis_url: str = ""
    smtp_url: str = ""
    mail_from: str = "orders@kontor.example"
    imap_url: str = field(default="", repr=False)
    storage_url: str = "file:var/documents"
    mailbox_dir: str = "var/mailbox"
    gateway_url: str = ""
    gateway_ledger: str = "var/gateway.db"
    gateway_secret: str = SIMULATOR_SECRET
    stripe_secret_key: str = field(default="", repr=False)
    stripe_webhook_secrets: str = field(default="", repr=False)
    stripe_multi_capture: bool = False
    stripe_url: str = ""
    default_gateway: str = ""
    secret_key: str = ""
    live_stock: str = ""
    dhl_api_key: str = field(default="", repr=False)
    dhl_user: str = ""
    dhl_password: str = field(default="", repr=False)
    dhl_url: str = ""
    dhl_tracking_url: str = ""
    vat_register: str = ""
    vat_register_url: str = ""
    vat_recheck_days: int = 90
    reoptimize_minutes: int = 30
    reoptimize_seconds: int = 20
    shadow_price_hours: int = 24
    routing_days_kept: int = 90
    upload_days_kept: int = 30
    base_url: str = "http://127.0.0.1:8000"
    environment: str = "development"
    log_level: str = "INFO"
    log_format: str = "console"
    database_pool: int = 10
    worker_threads: int = 4
    webhooks_to_private: bool = False
    simulated_clock: bool = False
    metrics_public: bool = False
    metrics_port: int = 0
    trusted_proxies: str = ""

    @property
    def embedded(self) -> bool:
        """Without Redis the web process does the background work itself."""
        return not self.redis_url

    @property
    def development(self) -> bool:
        """Whether developer pages (API explorer) are served."""
        return self.environment == "development"


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises `ValueError` naming the variable when one cannot be read."""
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for item in fields(Settings):
        raw = source.get(PREFIX + item.name.upper())
        if raw is not None:
            values[item.name] = _read(item.name, raw, item.type)
    settings = Settings(**values)
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """What would be unsafe or fail later is refused at the start; raises `ValueError` naming the variable."""
    if settings.environment == "production" and settings.gateway_secret == SIMULATOR_SECRET:
        raise ValueError(
            f"{PREFIX}GATEWAY_SECRET must be set in production: with the published one anybody could sign notices "
            "of payments"
        )
    if settings.vat_register not in ("", "vies"):
        raise ValueError(f"{PREFIX}VAT_REGISTER is {settings.vat_register!r}: expected nothing or vies")
    if not 1 <= settings.vat_recheck_days <= 3_650:
        raise ValueError(f"{PREFIX}VAT_RECHECK_DAYS is {settings.vat_recheck_days}: expected 1 to 3650")
    _check_stripe(settings)
    if settings.dhl_api_key and not (settings.dhl_user and settings.dhl_password):
        raise ValueError(f"{PREFIX}DHL_USER and {PREFIX}DHL_PASSWORD must be set with the key: labels need them")
    if settings.redis_url and not settings.secret_key:
        raise ValueError(
            f"{PREFIX}SECRET_KEY must be set where several processes serve: each would sign with a key of its own"
        )


def _check_stripe(settings: Settings) -> None:
    if settings.default_gateway not in ("", "stripe"):
        raise ValueError(f"{PREFIX}DEFAULT_GATEWAY is {settings.default_gateway!r}: expected nothing or stripe")
    if settings.default_gateway == "stripe" and not settings.stripe_secret_key:
        raise ValueError(f"{PREFIX}STRIPE_SECRET_KEY must be set where Stripe is the default gateway")
    if settings.stripe_secret_key and not settings.stripe_webhook_secrets:
        raise ValueError(
            f"{PREFIX}STRIPE_WEBHOOK_SECRETS must be set with the key: without them no event is believed, and disputes "
            "stay unknown"
        )


def _read(name: str, raw: str, kind: Any) -> Any:
    try:
        if kind in (bool, "bool"):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}[
                raw.lower()
            ]
        return int(raw) if kind in (int, "int") else raw
    except (KeyError, ValueError) as problem:
        raise ValueError(f"{PREFIX}{name.upper()} is {raw!r}: expected {getattr(kind, '__name__', kind)}") from problem
