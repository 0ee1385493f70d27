"""The house in numbers: functions, files and parameter lists stay small."""

import ast

import pytest

from architecture.source import ROOT, Module, modules, tracked_files

FUNCTION_LINES = 60
FILE_LINES = 400
PARAMETERS = 7
TEST_FILE_LINES = 600
BROWSER_FILE_LINES = 200

# "orders/service.py" or "orders/service.py:place_orders" -> why it may pass a limit.
EXCEPTIONS: dict[str, str] = {
    "bench/cli.py:run": "each parameter is an option of the command line",
    "bench/replay/cli.py:olist": "each parameter is an option of the command line",
    "bench/load.py:run": "each parameter is a fact of one measurement, named at every call",
    "api/graphql/messages_de.py": "one line for each code, in the order of the alphabet",
    "frontend/portal/operations.js": "every question of the portal stands in one file, checked against the schema",
    "tests/api/graphql/rights.py": "a table with a line for each field of the schema",
    "inventory/allocating.py:movement_row": "each parameter is a column of the ledger",
}


def oversized(module: Module) -> list[str]:
    """What in the module passes a limit, with its size."""
    found = []
    lines = module.text.count("\n")
    if lines > FILE_LINES:
        found.append(f"{module.path} has {lines} lines")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += [f"{module.path}:{node.name} has {excess}" for excess in _excesses(node)]
    return [text for text in found if text.split(" has ")[0] not in EXCEPTIONS]


def _excesses(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    count = len([name for name in names if name not in {"self", "cls"}])
    excesses = [f"{length} lines"] if length > FUNCTION_LINES else []
    return [*excesses, f"{count} parameters"] if count > PARAMETERS else excesses


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("def f():\n" + "    x = 1\n" * 60, "61 lines"),
        ("def f(a, b, c, d, *, e, g, h, i): ...\n", "8 parameters"),
    ],
)
def test_oversized_function_is_found(text: str, size: str) -> None:
    assert oversized(Module("orders/service.py", text)) == [f"orders/service.py:f has {size}"]


def test_oversized_file_is_found() -> None:
    assert oversized(Module("orders/service.py", "x = 1\n" * 401)) == ["orders/service.py has 401 lines"]


def test_sizes_at_the_limit_are_allowed() -> None:
    text = "def f(self, a, b, c, d, e, g, h):\n" + "    x = 1\n" * 59
    assert oversized(Module("orders/service.py", text)) == []


def test_application_keeps_its_limits() -> None:
    assert [text for module in modules() for text in oversized(module)] == []


def test_test_files_and_browser_modules_keep_their_limits() -> None:
    found = []
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("tests/") and path.suffix == ".py":
            limit = TEST_FILE_LINES
        elif name.startswith("frontend/") and path.suffix == ".js" and not name.startswith("frontend/vendor/"):
            limit = BROWSER_FILE_LINES
        else:
            continue
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > limit and name not in EXCEPTIONS:
            found.append(f"{name} has {lines} lines")
    assert found == []
