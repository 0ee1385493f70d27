"""The lock holds a version with its hashes for everything the project asks for, and no address of a registry."""

import re
import tomllib

from packaging.requirements import Requirement

from architecture.source import ROOT


def locked_versions(text: str) -> dict[str, str]:
    """Version by package name; a package that differs by platform counts with its last version."""
    return dict(re.findall(r"(?m)^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", text))


def unlocked(required: list[str], lock: str) -> list[str]:
    """The requirements that the lock does not fulfill."""
    versions = locked_versions(lock)
    wanted = [Requirement(line) for line in required]
    return [str(item) for item in wanted if not item.specifier.contains(versions.get(item.name.lower(), "0"))]


def unhashed(lock: str) -> list[str]:
    """The locked packages without a hash."""
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", lock)
    return [entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry]


def required_packages() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    groups = [*extras, *project["dependency-groups"].values(), project["build-system"]["requires"]]
    return [*project["project"]["dependencies"], *(line for group in groups for line in group)]


def test_missing_and_outdated_packages_are_found() -> None:
    lock = "redis==8.1.0 \\\n    --hash=sha256:00\nhttpx==0.28.1\n"
    assert unlocked(["redis>=9", "httpx>=0.28", "orjson>=3"], lock) == ["redis>=9", "orjson>=3"]
    assert unhashed(lock) == ["httpx==0.28.1"]


def test_lock_fulfills_the_project() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert unlocked(required_packages(), lock) == []
    assert unhashed(lock) == []


def test_lock_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^--.*|\w+://\S+", lock) == []
