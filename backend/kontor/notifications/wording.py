"""Messages in a retailer's own words: what such a template may hold, and how it is put together. Pure.

A template has three parts: the subject, the title and the body. They are written in the small part of Jinja that is
listed here node by node; whatever is not listed is refused, so a template can neither run code nor reach anything but
the facts of its message. The sandbox in which it is rendered is the second wall, not the first.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError

from kontor.notifications.errors import InvalidTemplate

PARTS = {"subject": 300, "title": 300, "body": 20_000}
FILTERS = frozenset({"money", "day", "moment", "link", "join", "first", "last", "length", "upper", "lower", "default"})
_LISTING = frozenset({"items", "lines", "parcels"})
MACROS = frozenset({"p", "heading", "facts", "code", "button"}) | _LISTING
# What a line, a parcel, a share, the brand and a loop have.
_OF_LINES = ("name", "quantity", "detail", "total", "carrier", "tracking_number", "tracking_url", "method", "amount")
_OF_OTHERS = ("codes", "instructions", "download_url", "color", "website", "support_email", "support_phone")
ATTRIBUTES = frozenset({*_OF_LINES, *_OF_OTHERS, "index", "first", "last"})
# What must not be left out: without it the customer cannot go on, or the law is broken.
MUST: Mapping[str, frozenset[str]] = {
    "ready_for_pickup": frozenset({"pickup_code"}),
    "pickup_reminder": frozenset({"pickup_code"}),
    "digital_delivery": frozenset({"items"}),
    "goodwill_voucher": frozenset({"code"}),
    "payment_awaited": frozenset({"total", "iban", "reference"}),
    "direct_debit": frozenset({"amount", "collect_on", "mandate", "creditor_id"}),
    "dunning": frozenset({"invoice_number", "total", "due_on"}),
    "personal": frozenset({"paragraphs"}),
}
LONGEST_JOINT = 20  # characters between what is joined
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.If, nodes.For, nodes.CallBlock,
    nodes.Call, nodes.Filter, nodes.Getattr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg,
    nodes.Test, nodes.Concat, nodes.CondExpr, nodes.Tuple, nodes.List,
)  # fmt: skip
_TESTS = frozenset({"defined", "none"})
# A friendly refusal; what is put together from parts stands as signs in the HTML, see `rendering.own_template`.
_TAG = re.compile(r"<[A-Za-z/!?]")
_SHIPPED = re.compile(
    r"{% extends layout %}\s*{% set subject %}(?P<subject>.*?){% endset %}\s*"
    r"{% block title %}(?P<title>.*?){% endblock %}\s*{% block body %}\n?(?P<body>.*){% endblock %}\s*\Z",
    re.DOTALL,
)
_reader = Environment(trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - parses, renders nothing


@dataclass(frozen=True, slots=True)
class Words:
    """A template's three parts."""

    subject: str
    title: str
    body: str


def words_of(source: str) -> Words:
    """The parts of a shipped template; raises `ValueError` for one that is built otherwise."""
    found = _SHIPPED.fullmatch(source)
    if found is None:
        raise ValueError("a message has a subject, a title and a body, in this order and nothing else")
    return Words(found["subject"], found["title"], found["body"])


def source_of(words: Words) -> str:
    """The parts as one template."""
    return (
        "{% extends layout %}\n"
        f"{{% set subject %}}{words.subject}{{% endset %}}\n"
        f"{{% block title %}}{words.title}{{% endblock %}}\n"
        f"{{% block body %}}\n{with_paragraphs(words.body)}\n{{% endblock %}}\n"
    )


def with_paragraphs(body: str) -> str:
    """Plain text between blank lines becomes a paragraph; what says itself how it is to look is left alone."""
    parts = re.split(r"\n[ \t]*\n", body.replace("\r\n", "\n").strip("\n"))
    return "\n".join(f"{{% call ui.p() %}}{part}{{% endcall %}}" if _is_plain(part) else part for part in parts)


def _is_plain(part: str) -> bool:
    """Whether a part is words alone, all conditions that begin in it ending there too."""
    return "ui." not in part and len(re.findall(r"{%-?\s*(?:if|for)\b", part)) == len(re.findall(r"{%-?\s*end", part))


def check(template: str, words: Words, names: Collection[str]) -> None:
    """Refuse what is too long, wrong, forbidden, unknown or missing, naming the part and the word at fault.

    `names` are the facts of the message. Raises `InvalidTemplate` with the codes TEMPLATE_LENGTH, TEMPLATE_SYNTAX,
    TEMPLATE_FORBIDDEN, PLACEHOLDER_UNKNOWN or PLACEHOLDER_MISSING.
    """
    used: set[str] = set()
    for part, most in PARTS.items():
        text = str(getattr(words, part))
        if not 1 <= len(text.strip()) <= most:
            raise InvalidTemplate(f"1 to {most} characters.", code="TEMPLATE_LENGTH", path=(part,), max=most)
        if part != "body" and "\n" in text.strip():
            raise InvalidTemplate("One line.", code="TEMPLATE_SYNTAX", path=(part,), line=1, reason="one line")
        used |= _check_part(part, text, names)
    if missing := MUST.get(template, frozenset()) - used:
        named = ", ".join(sorted(missing))
        raise InvalidTemplate(f"The customer needs {named}.", code="PLACEHOLDER_MISSING", path=("body",), names=named)


def _parsed(part: str, text: str) -> nodes.Template:
    try:
        return _reader.parse(text)
    except TemplateSyntaxError as problem:
        raise InvalidTemplate(
            f"Line {problem.lineno}: {problem.message}", code="TEMPLATE_SYNTAX", path=(part,), line=problem.lineno,
            reason=problem.message or "",
        ) from problem  # fmt: skip
    except (RecursionError, ValueError, MemoryError) as problem:  # thousands of brackets, a number without end
        raise unreadable(part, problem) from problem


def unreadable(part: str, problem: BaseException) -> InvalidTemplate:
    """The refusal of words that cannot be read or put together."""
    said = str(problem)[:200]
    return InvalidTemplate(said, code="TEMPLATE_SYNTAX", path=(part,), line=0, reason=said)


def _check_part(part: str, text: str, names: Collection[str]) -> set[str]:
    tree = _parsed(part, text)
    own: set[str] = {"ui", "words", "loop", "brand"} | {
        each.name for loop in tree.find_all(nodes.For) for each in _targets(loop.target)
    }
    used: set[str] = set()
    for node in _walk(tree, part, in_loop=False):
        if isinstance(node, nodes.Name) and node.name not in own:
            if node.name not in names:
                raise InvalidTemplate(
                    f"There is no placeholder {node.name}.", code="PLACEHOLDER_UNKNOWN", path=(part,), name=node.name,
                    line=node.lineno,
                )  # fmt: skip
            used.add(node.name)
    return used


def _targets(target: nodes.Node) -> Iterator[nodes.Name]:
    yield from [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)


def _walk(node: nodes.Node, part: str, *, in_loop: bool) -> Iterator[nodes.Node]:
    problem = _problem(node, in_loop=in_loop)
    if problem is not None:
        raise InvalidTemplate(
            f"Line {node.lineno}: {problem} is not allowed.", code="TEMPLATE_FORBIDDEN", path=(part,), name=problem,
            line=node.lineno,
        )  # fmt: skip
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child, part, in_loop=in_loop or isinstance(node, nodes.For))


def _problem(node: nodes.Node, *, in_loop: bool) -> str | None:
    """What is forbidden about a node, if anything."""
    kind = type(node).__name__
    if not isinstance(node, _ALLOWED):
        return kind
    match node:
        case nodes.TemplateData():
            return "HTML" if _TAG.search(node.data) else None
        case nodes.For():
            # Within a loop only over what each has of its own: a loop over all for each would grow without end.
            over = nodes.Getattr if in_loop else (nodes.Name, nodes.Getattr)
            return None if isinstance(node.iter, over) and not node.recursive and node.test is None else "for"
        case nodes.Filter():
            fine = node.name in FILTERS and not _unpacks(node) and (node.name != "join" or _joins_facts(node))
            return None if fine else node.name
        case nodes.Test():
            return None if node.name in _TESTS else node.name
        case nodes.Getattr():
            return _attribute(node)
        case nodes.CallBlock():
            return None if _is_macro(node.call) and not node.args else "call"
        case nodes.Call():
            return None if _is_macro(node) and not (in_loop and _lists_all(node)) else "call"
        case nodes.Const():
            return "constant" if isinstance(node.value, str) and len(node.value) > 2000 else None
    return None


def _joins_facts(node: nodes.Filter) -> bool:
    """Whether facts are joined by a few characters: joining texts with texts grows twelvefold with each."""
    joints = [each.value if isinstance(each, nodes.Const) else None for each in node.args]
    short = all(isinstance(each, str) and len(each) <= LONGEST_JOINT for each in joints)
    return isinstance(node.node, (nodes.Name, nodes.Getattr)) and short and not node.kwargs


def _lists_all(call: nodes.Call) -> bool:
    """Whether a building block lists a whole fact: in a loop it would do so for each."""
    name = getattr(call.node, "attr", "")
    return name in _LISTING and not all(isinstance(each, (nodes.Getattr, nodes.Const)) for each in call.args[:1])


def _attribute(node: nodes.Getattr) -> str | None:
    of = node.node
    if isinstance(of, nodes.Name) and of.name == "ui":
        return None if node.attr in MACROS else node.attr
    return None if isinstance(of, nodes.Name) and node.attr in ATTRIBUTES else node.attr


def _is_macro(call: Any) -> bool:
    return (
        isinstance(call, nodes.Call)
        and isinstance(call.node, nodes.Getattr)
        and isinstance(call.node.node, nodes.Name)
        and call.node.node.name == "ui"
        and not _unpacks(call)
        and not call.kwargs
    )


def _unpacks(call: Any) -> bool:
    return call.dyn_args is not None or call.dyn_kwargs is not None
