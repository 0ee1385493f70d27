"""What would be unsafe or fail later is refused at the start."""

import pytest

from kontor.settings import from_environment

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
    ],
)
def test_what_is_missing_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_environment(environment)
