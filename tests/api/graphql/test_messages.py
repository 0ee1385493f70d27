"""Every refusal has a German text; the English one is the message of the error itself."""

import ast
import re

from architecture.source import Module, modules
from kontor.api.graphql.messages_de import MESSAGES as GERMAN
from kontor.api.graphql.messages_en import MESSAGES as ENGLISH

CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
# Their refusals meet nobody who calls the product: developers at the command line, and the simulated bank.
ELSEWHERE = ("bench/", "adapters/payments/simulator/")
# These say why an exchange ended, which is no refusal; pages have words for it.
ENDED = frozenset({"call_off", "ask_for_cover"})


def codes(module: Module) -> set[str]:
    """The codes a module gives to refusals: as the default of a class or with a single error."""
    found = set()
    for node in ast.walk(module.tree):
        value: ast.expr | None = None
        if isinstance(node, ast.Assign | ast.AnnAssign) and "default_code" in ast.unparse(node).split("=")[0]:
            value = node.value
        values = [value]
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in ENDED):
            values += [each.value for each in node.keywords if each.arg == "code"]
        for each in values:
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and CODE.fullmatch(each.value):
                found.add(each.value)
    return found


def test_codes_of_classes_and_calls_are_found() -> None:
    text = (
        'class Gone(NotFound):\n    default_code = "GONE"\n\n\nraise Conflict("no", code="NOT_NOW")\ncall(code="de")\n'
        'await call_off(code="GIVEN_UP")\n'
    )
    assert codes(Module("orders/errors.py", text)) == {"GONE", "NOT_NOW"}


def test_every_code_has_a_german_text() -> None:
    raised = set().union(*(codes(module) for module in modules() if not module.path.startswith(ELSEWHERE)))
    assert sorted(raised - set(GERMAN) - {"ERROR"}) == []


def test_every_english_text_has_a_german_one() -> None:
    assert sorted(set(ENGLISH) - set(GERMAN)) == []


def test_texts_are_sorted_sentences() -> None:
    assert list(GERMAN) == sorted(GERMAN)
    assert [code for code, text in GERMAN.items() if not text.endswith((".", "?"))] == []
