"""The import contracts of pyproject.toml really refuse what they are there to refuse."""

import subprocess
import sys
from pathlib import Path

import pytest

from architecture.source import KONTOR, ROOT


def broken_contracts(folder: Path, files: dict[str, str]) -> str:
    """What import-linter says about a small application with these files under our contracts."""
    root = folder / "kontor"
    for name, text in {"core/__init__.py": "", "adapters/__init__.py": "", "settings.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.relative_to(folder).parents[:-1]:
            (folder / package / "__init__.py").touch()
        path.write_text(text)
    result = subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--config",
            ROOT / "pyproject.toml",
            "--no-cache",
            "--no-logo",
        ],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if result.returncode == 0 else result.stdout + result.stderr


@pytest.mark.parametrize(
    ("files", "contract"),
    [
        ({"orders/service.py": "from kontor.returns import service", "returns/service.py": ""}, "Imports point down"),
        ({"tax/service.py": "from kontor.pricing import service", "pricing/service.py": ""}, "Imports point down"),
        ({"novelty/service.py": ""}, "Imports point down"),
        ({"core/db.py": "from kontor.auth import models", "auth/models.py": ""}, "The ground imports nothing"),
        ({"adapters/gateway.py": "import kontor.payments.service", "payments/service.py": ""}, "Adapters see ports"),
    ],
)
def test_forbidden_import_breaks_its_contract(tmp_path: Path, files: dict[str, str], contract: str) -> None:
    assert contract in broken_contracts(tmp_path, files)


def test_allowed_imports_keep_the_contracts(tmp_path: Path) -> None:
    files = {
        "core/jobs.py": "from kontor.settings import Settings",
        "settings.py": "class Settings: ...",
        "orders/service.py": "from kontor.inventory import service",
        "inventory/service.py": "from kontor.core import jobs",
        "adapters/gateway.py": "from kontor.payments import ports",
        "payments/ports.py": "",
        "cli.py": "from kontor.orders import service",
        "payments/service.py": "",
        "orders/models.py": "",
        "orders/queries.py": "",
        "orders/jobs.py": "",
    }
    assert broken_contracts(tmp_path, files) == ""


def test_application_imports_from_this_repository() -> None:
    import kontor

    assert Path(kontor.__file__).parent == KONTOR
