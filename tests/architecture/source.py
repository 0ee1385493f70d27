"""What the checks read: the files of the repository, parsed once."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
KONTOR = ROOT / "backend" / "kontor"

EDGES = frozenset(
    {
        "__main__",
        "app",
        "worker",
        "relay",
        "redisbroker",
        "cli",
        "audit",
        "bench",
        "bootstrap",
        "subscribers",
        "demo",
        "api",
    }
    | {"adapters"}
)
GROUND = frozenset({"core", "settings"})


@dataclass(frozen=True)
class Module:
    """One source file; `path` is relative to `backend/kontor`, such as `orders/service.py`."""

    path: str
    text: str

    @property
    def package(self) -> str:
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def is_domain(self) -> bool:
        """Whether it belongs to a package of the trade, neither ground nor edge."""
        return self.package not in EDGES | GROUND | {"__init__"}

    @property
    def dotted(self) -> str:
        return "kontor." + self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def place(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the application."""
    return tuple(
        Module(path.relative_to(KONTOR).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(KONTOR.rglob("*.py"))
    )


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file of the project that is not ignored; all files where the folder is no repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.splitlines()
    if listed.returncode:
        names = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*")]
        names = [name for name in names if not name.startswith((".venv/", ".git/", "var/", "data/"))]
    return tuple(path for name in names if (path := ROOT / name).is_file())


def without_type_checking(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes except those under `if TYPE_CHECKING:`, which never run."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            todo.extend(node.orelse)
            continue
        yield node
        todo.extend(ast.iter_child_nodes(node))


def imported(node: ast.AST, known: frozenset[str] = frozenset()) -> list[str]:
    """The dotted names an import statement brings in; `from a import b` gives `a.b` where that is a known module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        full = [f"{node.module}.{alias.name}" for alias in node.names]
        return sorted({name if name in known else node.module for name in full})
    return []


@cache
def known_modules() -> frozenset[str]:
    return frozenset(module.dotted for module in modules())
