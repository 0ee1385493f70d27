"""docker-compose.yml and Dockerfile fit the application: services, conditions, settings and commands."""

import ast
import importlib
import re
from collections.abc import Sequence
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from architecture.source import KONTOR, ROOT
from architecture.test_docs import setting_names
from kontor import cli
from kontor.cli import FURTHER

TOP_LEVEL = {"name", "services", "volumes", "networks", "configs", "secrets"}
SERVICE_KEYS = {
    "image", "build", "command", "entrypoint", "environment", "volumes", "ports", "depends_on", "healthcheck",
    "restart", "init", "stop_grace_period", "user", "tmpfs", "deploy", "profiles", "networks",
}  # fmt: skip
HEALTHCHECK_KEYS = {"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
RESTARTS = {"no", "always", "unless-stopped", "on-failure"}
DURATION = re.compile(r"(\d+(us|ms|s|m|h))+")

Compose = dict[str, Any]


def structure_errors(compose: Compose) -> list[str]:
    """Where the file leaves the compose specification, as far as we use it."""
    errors = [f"unknown key {key}" for key in compose if key not in TOP_LEVEL and not key.startswith("x-")]
    for name, service in compose["services"].items():
        errors += [f"{name}: unknown key {key}" for key in service if key not in SERVICE_KEYS]
        if not service.get("image") and not service.get("build"):
            errors.append(f"{name}: neither image nor build")
        if service.get("restart", "no") not in RESTARTS:
            errors.append(f"{name}: restart {service['restart']}")
        errors += [f"{name}: {text}" for text in _healthcheck_errors(service.get("healthcheck"))]
        errors += [f"{name}: {text}" for text in _dependency_errors(compose, service.get("depends_on", {}))]
        errors += [f"{name}: {text}" for text in _reference_errors(compose, service)]
    return errors


def _healthcheck_errors(check: dict[str, Any] | None) -> list[str]:
    if check is None:
        return []
    errors = [f"unknown key {key} in healthcheck" for key in check if key not in HEALTHCHECK_KEYS]
    if not isinstance(check.get("test"), list) or check["test"][0] not in {"CMD", "CMD-SHELL"}:
        errors.append("healthcheck without a test")
    times = [str(check[key]) for key in ("interval", "timeout", "start_period") if key in check]
    return errors + [f"{time} is no duration" for time in times if not DURATION.fullmatch(time)]


def _dependency_errors(compose: Compose, depends: dict[str, dict[str, str]]) -> list[str]:
    errors = []
    for other, how in depends.items():
        target = compose["services"].get(other)
        condition = how.get("condition", "service_started")
        if target is None:
            errors.append(f"depends on unknown {other}")
        elif condition not in CONDITIONS:
            errors.append(f"unknown condition {condition}")
        elif condition == "service_healthy" and "healthcheck" not in target:
            errors.append(f"waits for the health of {other}, which has no healthcheck")
        elif condition == "service_completed_successfully" and target.get("restart") in {"always", "unless-stopped"}:
            errors.append(f"waits for the end of {other}, which never ends")
    return errors


def _reference_errors(compose: Compose, service: dict[str, Any]) -> list[str]:
    named = [volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith((".", "/"))]
    errors = [f"unknown volume {name}" for name in named if name not in (compose.get("volumes") or {})]
    values = service.get("environment", {})
    errors += [f"{key} is no text" for key, value in values.items() if not isinstance(value, str)]
    hosts = {host for value in values.values() for host in re.findall(r"(?:@|//)([a-z]+):\d+", str(value))}
    return errors + [f"unknown host {host}" for host in sorted(hosts - compose["services"].keys())]


def cli_commands(text: str) -> set[str]:
    """The command names that `cli.py` declares with typer's decorator."""
    commands = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(".command"):
                given = [argument.value for argument in decorator.args if isinstance(argument, ast.Constant)]
                commands.add(str(given[0]) if given else node.name.replace("_", "-"))
    return commands


def compose_file() -> Compose:
    loaded: Compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def own_services() -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    return {name: service for name, service in compose_file()["services"].items() if "build" in service}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"depnds_on": {}}, "web: unknown key depnds_on"),
        ({"depends_on": {"mail": {}}}, "web: depends on unknown mail"),
        ({"depends_on": {"db": {"condition": "service_ready"}}}, "web: unknown condition service_ready"),
        (
            {"depends_on": {"db": {"condition": "service_healthy"}}},
            "web: waits for the health of db, which has no healthcheck",
        ),
        ({"healthcheck": {"test": ["CMD", "true"], "interval": "3 seconds"}}, "web: 3 seconds is no duration"),
        ({"volumes": ["files:/srv"]}, "web: unknown volume files"),
        ({"environment": {"KONTOR_REDIS_URL": "redis://redis:6379/0"}}, "web: unknown host redis"),
    ],
)
def test_fault_in_the_compose_file_is_found(change: dict[str, Any], error: str) -> None:
    compose = {"services": {"web": {"image": "kontor", **change}, "db": {"image": "postgres:16"}}}
    assert structure_errors(compose) == [error]


def test_compose_file_follows_the_specification() -> None:
    assert structure_errors(compose_file()) == []


def test_compose_runs_the_whole_system() -> None:
    assert set(compose_file()["services"]) == {"postgres", "redis", "mail", "migrate", "web", "worker", "relay"}


def test_every_variable_of_our_services_is_a_setting() -> None:
    known = set(setting_names((KONTOR / "settings.py").read_text(encoding="utf-8")))
    used = {name for service in own_services().values() for name in service["environment"]}
    assert used - known == set()


def test_our_processes_start_after_the_migration() -> None:
    for name in ("web", "worker", "relay"):
        assert own_services()[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }


def test_our_services_run_these_commands() -> None:
    assert {name: " ".join(service["command"]) for name, service in own_services().items()} == {
        "migrate": "kontor migrate",
        "web": "kontor serve --host 0.0.0.0 --port 8000",
        "worker": "kontor worker",
        "relay": "kontor relay",
    }


def test_commands_are_read_from_the_command_line_module() -> None:
    text = "@cli.command()\ndef serve(): ...\n@cli.command('relay')\ndef run_relay(): ...\ndef other(): ...\n"
    assert cli_commands(text) == {"serve", "relay"}


def test_every_command_of_compose_and_image_exists() -> None:
    commands = cli_commands((KONTOR / "cli.py").read_text(encoding="utf-8"))
    image = re.findall(r'(?m)^CMD \["kontor", "([a-z-]+)"', (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert image == ["serve"]
    assert {service["command"][1] for service in own_services().values()} | set(image) <= commands


def command_problem(words: Sequence[str]) -> str:
    """Why `kontor` followed by these words could not be run as it stands; empty when it can."""
    names = [word for word in words if not word.startswith("-")]
    group: Any = typer.main.get_group(cli.app)
    found = group.commands.get(names[0]) if names else None
    if names and names[0] in FURTHER:  # the command line adds these to the others when it is run
        group = typer.main.get_group(importlib.import_module(FURTHER[names[0]]).app)
        found = group.commands.get(names[1], group) if len(names) > 1 else group
        if isinstance(found, TyperGroup) and not found.invoke_without_command:
            return f"{names[0]} needs the name of a command"
    if found is None:
        return "no such command"
    known = {flag for option in found.params for flag in (*option.opts, *option.secondary_opts)}
    unknown = [word.strip("[]") for word in words if word.strip("[]").startswith("--")]
    return " ".join(f"no option {word}" for word in unknown if word.split("=")[0] not in known)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("serve --host 0.0.0.0 --workers 2", ""),
        ("serve --hots 0.0.0.0", "no option --hots"),
        ("sreve", "no such command"),
        ("user", "user needs the name of a command"),
        ("user create-admin --email you@example.com", ""),
        ("prove", ""),
        ("bench intake --no-write", ""),
    ],
)
def test_command_that_cannot_be_run_is_found(words: str, problem: str) -> None:
    assert command_problem(words.split()) == problem


def test_every_command_of_the_makefile_can_be_run() -> None:
    used = re.findall(r"(?m)\$\(BIN\)/kontor ([a-z-].*)$", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert {line: problem for line in used if (problem := command_problem(line.split()))} == {}
    assert "prove" in used


def test_image_copies_what_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    lines = re.findall(r"(?m)^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    sources = {name for line in lines for name in line.split()[:-1]}
    assert {name for name in sources if not (ROOT / name).exists()} == set()
    assert {f"!{name}" for name in sources} - set(ignored) == set()


def test_image_does_not_run_as_root() -> None:
    last = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")[-1]
    assert re.findall(r"(?m)^USER (.+)$", last) == ["kontor"]
