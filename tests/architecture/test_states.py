"""A state changes through core/statemachine.py only, and every transition table is sound."""

import ast
import importlib
from enum import StrEnum

import pytest

from architecture.source import Module, modules
from kontor.core.statemachine import Transitions

HOME = "core/statemachine.py"

# File -> why it writes an attribute or column named `state` without the state machine.
EXCEPTIONS: dict[str, str] = {}


def state_writes(module: Module) -> list[str]:
    """Where the module sets a state itself: by assignment, by `setattr`, or by an update without a history row."""
    keeps_history = "change_row" in module.text
    found = []
    for function, node in _with_function(module.tree):
        if _assigns_state(node, function) or _sets_state_by_name(node):
            found.append(module.place(node))
        elif _updates_state(node) and not keeps_history:
            found.append(f"{module.place(node)} without change_row")
    return found


def _with_function(tree: ast.Module) -> list[tuple[str, ast.AST]]:
    todo: list[tuple[str, ast.AST]] = [("", tree)]
    for function, node in todo:
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        todo.extend((inner, child) for child in ast.iter_child_nodes(node))
    return todo


def _assigns_state(node: ast.AST, function: str) -> bool:
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    else:
        return False
    flat = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return any(
        isinstance(part, ast.Attribute)
        and part.attr == "state"
        # An object that is just being made may say what it starts with.
        and not (function == "__init__" and isinstance(part.value, ast.Name) and part.value.id == "self")
        for part in flat
    )


def _sets_state_by_name(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "setattr"
        and any(isinstance(argument, ast.Constant) and argument.value == "state" for argument in node.args)
    )


def _updates_state(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "values"
        and any(keyword.arg == "state" for keyword in node.keywords)
        and "update(" in ast.unparse(node.func)
    )


def table_errors(table: Transitions) -> list[str]:  # type: ignore[type-arg]
    """What is wrong with a transition table besides unreachable states, which it refuses itself."""
    errors = [f"{state} leads to itself" for state, targets in table.table.items() if state in targets]
    if not any(not targets for targets in table.table.values()):
        errors.append("no state is final")
    return errors


# Table -> why its things never end.
ENDLESS: dict[str, str] = {
    "catalog/states.py OFFER": "what was withdrawn may be offered again",
    "invoicing/states.py INVOICE": "what was paid may be taken back by a bank, what was given up may be paid after all",
    "webhooks/states.py DELIVERY": "whatever was delivered or given up can be sent again",
}


class Light(StrEnum):
    RED = "RED"
    GREEN = "GREEN"


def test_table_without_an_end_is_found() -> None:
    table = Transitions(Light, start=Light.RED, table={Light.RED: {Light.GREEN, Light.RED}, Light.GREEN: {Light.RED}})
    assert table_errors(table) == ["RED leads to itself", "no state is final"]


@pytest.mark.parametrize(
    "line",
    [
        "order.state = OrderState.CANCELED",
        "a, order.state = 1, 2",
        "setattr(order, 'state', 'CANCELED')",
        "sa.update(Order).values(state='CANCELED')",
    ],
)
def test_state_written_elsewhere_is_found(line: str) -> None:
    assert len(state_writes(Module("orders/service.py", f"def cancel(order, sa):\n    {line}\n"))) == 1


def test_update_with_history_rows_is_allowed() -> None:
    text = "rows = [change_row('order', id, old, new, now=now, by=by)]\nsa.update(Order).values(state='CANCELED')\n"
    assert state_writes(Module("orders/service.py", text)) == []


def test_states_change_in_the_state_machine_only() -> None:
    found = [place for module in modules() if module.path not in {HOME, *EXCEPTIONS} for place in state_writes(module)]
    assert found == []


def test_every_transition_table_is_sound() -> None:
    found = {}
    for module in modules():
        if not module.path.endswith("/states.py"):
            continue
        for name, value in vars(importlib.import_module(module.dotted)).items():
            key = f"{module.path} {name}"
            if isinstance(value, Transitions) and key not in ENDLESS and (errors := table_errors(value)):
                found[key] = errors
    assert found == {}
