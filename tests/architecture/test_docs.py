"""Code and documentation arrive together: every package, setting and event is described."""

import ast
import inspect
from dataclasses import fields

from architecture.source import ROOT, Module, modules
from kontor import bootstrap
from kontor.core.outbox import EVENTS, Event

OPERATIONS = ROOT / "docs" / "operations.md"
EVENT_GUIDE = ROOT / "docs" / "events.md"
INTRODUCTION = """\
# Events

Every event is a fact of the log: `id`, `position`, `streamId`, `seq` (per stream, without gaps), `name`, `occurredAt`,
`by` and the payload below. The stream is the thing whose story it belongs to; everything about one order has the
order's id. Payloads are plain JSON: ids and moments as text, amounts in minor units. Fields are added, never renamed.
The query `events` and the subscription `eventsChanged` read the log; webhooks deliver from it. Shops, customers and
partners get no `by`, and of a payload no words of people and no messages of others (`reason`, `message`; the table is
`WORDS` in `webhooks/visibility.py`).

"""


def undocumented_package(module: Module) -> bool:
    """A package must say what it owns; so much is one sentence at least."""
    return module.path.endswith("__init__.py") and len((ast.get_docstring(module.tree) or "").split()) < 5


def setting_names(text: str) -> list[str]:
    """The environment variables that `settings.py` reads."""
    return [
        f"KONTOR_{item.target.id.upper()}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]


def event_classes(module: Module) -> dict[str, bool]:
    """The events a module declares, each with whether it has a docstring."""
    if "Event)" not in module.text:
        return {}
    return {
        node.name: bool(ast.get_docstring(node))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).split(".")[-1] == "Event" for base in node.bases)
        and module.path != "core/outbox.py"
    }


def missing(names: list[str], text: str) -> list[str]:
    """The names that the documentation does not give as code."""
    return [name for name in names if f"`{name}`" not in text and f"`{name}=" not in text]


def events_page() -> str:
    """The guide to events as their declarations have it."""
    bootstrap.load_models()
    declared = [event for event in EVENTS.values() if event.__module__.startswith("kontor.")]
    text, package = INTRODUCTION, ""
    for event in sorted(declared, key=lambda each: (each.__module__, inspect.getsourcelines(each)[1])):
        if package != (package := event.__module__.split(".")[1]):
            text += f"## {package.capitalize()}\n\n| event | what happened | payload |\n| --- | --- | --- |\n"
        text += _event_row(event) + "\n"
    return text.replace("|\n## ", "|\n\n## ")


def _event_row(event: type[Event]) -> str:
    told = " ".join((event.__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
    names = [item.name for item in fields(event) if item.name != "stream_id"]
    return f"| `{event.name}` | {told} | {', '.join(f'`{name}`' for name in names) or '–'} |"


def test_silent_package_is_found() -> None:
    assert undocumented_package(Module("orders/__init__.py", ""))
    assert undocumented_package(Module("orders/__init__.py", '"""Orders."""'))


def test_undocumented_setting_is_found() -> None:
    names = setting_names("class Settings:\n    redis_url: str = ''\n    base_url: str = ''\n")
    assert missing(names, "| `KONTOR_BASE_URL` | where people reach it |") == ["KONTOR_REDIS_URL"]


def test_event_without_docstring_is_found() -> None:
    module = Module("orders/events.py", "class OrderPlaced(outbox.Event):\n    order_id: str\n")
    assert event_classes(module) == {"OrderPlaced": False}


def test_every_package_says_what_it_owns() -> None:
    assert [module.path for module in modules() if undocumented_package(module)] == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {module.path.rpartition("/")[0] for module in modules()}
    packages = {
        module.path.removesuffix("__init__.py").rstrip("/") for module in modules() if "__init__" in module.path
    }
    assert sorted(folders - packages) == []


def test_every_setting_is_in_the_operations_guide() -> None:
    settings = next(module.text for module in modules() if module.path == "settings.py")
    assert missing(setting_names(settings), OPERATIONS.read_text(encoding="utf-8")) == []


def test_every_event_is_described() -> None:
    docs = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md")))
    events = {name: described for module in modules() for name, described in event_classes(module).items()}
    assert [name for name, described in events.items() if not described] == []
    assert missing(list(events), docs) == []


def test_event_guide_agrees_with_the_declarations() -> None:
    assert EVENT_GUIDE.read_text(encoding="utf-8") == events_page()
