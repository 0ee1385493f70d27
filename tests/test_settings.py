"""What would be unsafe or fail later is refused at the start."""

import urllib.request

import pytest

from kontor.bench.services import free_port
from kontor.settings import Settings, from_environment
from kontor.worker import show_metrics

SAFE = {"KONTOR_ENVIRONMENT": "production", "KONTOR_GATEWAY_SECRET": "g" * 40}


def test_production_with_secrets_of_its_own_starts() -> None:
    read = from_environment({**SAFE, "KONTOR_REDIS_URL": "redis://127.0.0.1", "KONTOR_SECRET_KEY": "k" * 40})
    assert (read.environment, read.gateway_secret) == ("production", "g" * 40)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"KONTOR_ENVIRONMENT": "production"}, "KONTOR_GATEWAY_SECRET"),
        ({**SAFE, "KONTOR_REDIS_URL": "redis://127.0.0.1"}, "KONTOR_SECRET_KEY"),
        ({"KONTOR_METRICS_PORT": "many"}, "KONTOR_METRICS_PORT"),
        ({"KONTOR_DEFAULT_GATEWAY": "stripe"}, "KONTOR_STRIPE_SECRET_KEY"),
        ({"KONTOR_DEFAULT_GATEWAY": "other"}, "KONTOR_DEFAULT_GATEWAY"),
        ({"KONTOR_VAT_REGISTER": "other"}, "KONTOR_VAT_REGISTER"),
        ({"KONTOR_VAT_RECHECK_DAYS": "0"}, "KONTOR_VAT_RECHECK_DAYS"),
        ({"KONTOR_STRIPE_SECRET_KEY": "sk_test_1"}, "KONTOR_STRIPE_WEBHOOK_SECRETS"),
        ({"KONTOR_DHL_API_KEY": "key"}, "KONTOR_DHL_USER"),
    ],
)
def test_what_is_missing_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_environment(environment)


def test_secrets_of_the_payment_provider_are_not_shown() -> None:
    read = from_environment({"KONTOR_STRIPE_SECRET_KEY": "sk_live_1", "KONTOR_STRIPE_WEBHOOK_SECRETS": "whsec_1"})
    assert read.stripe_secret_key == "sk_live_1"
    assert "sk_live_1" not in repr(read)
    assert "whsec_1" not in repr(read)


def test_worker_and_relay_show_their_metrics_on_loopback() -> None:
    port = free_port()
    show_metrics(Settings(metrics_port=port))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        assert b"kontor_jobs_total" in answer.read()
