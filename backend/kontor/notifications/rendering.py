"""Messages in the customer's language. Text and HTML come from one source, so neither can lack what the other says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    nodes,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from mjml import mjml2html

from kontor.core.errors import InvalidInput
from kontor.documents import formatting
from kontor.documents.values import Language
from kontor.notifications.known import paragraphs_of
from kontor.notifications.limiting import FACT_FILTERS, bounded, said, sure
from kontor.notifications.wording import Words, source_of

_FOLDER = Path(__file__).parent / "templates"
LANGUAGES: tuple[Language, ...] = ("de", "en")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template needs and what it can do without."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageBrand:
    """Who writes: `color` is `#rrggbb`, `legal_lines` is the footer the law wants, `logo_url` an https image."""

    name: str
    color: str = "#1f3a5f"
    logo_url: str = ""
    website: str = ""
    support_email: str = ""
    support_phone: str = ""
    legal_lines: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    text: str
    html: str


def _facts(required: str, optional: str = "") -> Facts:
    return Facts(frozenset(required.split()), frozenset(optional.split()))


_COMMON = _facts("brand order_number", "customer_name order_url")
# What people who sign in are sent is about no order.
_PERSONAL = _facts("brand", "customer_name order_url")

# Amounts are minor units of `currency`; dates are dates; `lines` have name and quantity, perhaps detail and total;
# addresses are lists of lines; `parcels` have carrier and tracking_number, perhaps tracking_url.
TEMPLATES: dict[str, Facts] = {
    "order_confirmed": _facts(
        "lines total currency",
        "discount shipping_cost tax_included payment_method delivery_address pickup_location"
        " promised_from promised_until",
    ),
    "order_in_review": _facts("", "answer_by"),
    "order_changed": _facts("lines total currency", "delivery_address pickup_location promised_until"),
    "payment_awaited": _facts("total currency", "payment_method account_holder iban bic reference pay_url"),
    "payment_failed": _facts("total currency", "payment_method pay_url pay_until"),
    "shipped": _facts("lines", "parcels outstanding expected_on delivery_address"),
    "ready_for_pickup": _facts("lines location", "pickup_code pickup_until opening_hours"),
    "pickup_reminder": _facts("lines location", "pickup_code pickup_until opening_hours"),
    "picked_up": _facts("lines", "location picked_up_on return_until return_url"),
    "delivered": _facts("lines", "delivered_on return_until return_url"),
    "canceled": _facts("lines", "whole reason refund_amount currency refund_method"),
    "return_declined": _facts("rma_number lines"),
    "return_approved": _facts("rma_number lines", "label_url label_attached return_until return_address"),
    "return_received": _facts("rma_number lines", "received_on exchange"),
    "return_decided": _facts("rma_number accepted refused"),
    "exchange_agreed": _facts("rma_number lines new_lines way", "due_on replacement"),
    "exchange_received": _facts("rma_number", "new_lines"),
    "exchange_reminder": _facts("rma_number lines due_on"),
    "exchange_overdue": _facts("lines amount currency", "refused asked"),
    "exchange_canceled": _facts("lines why"),
    "refunded": _facts("amount currency", "shares rma_number reason"),
    "goodwill_voucher": _facts("code amount currency"),
    "goodwill": _facts("amount currency", "shares"),
    "direct_debit": _facts("amount currency collect_on mandate creditor_id iban_ending"),
    "dunning": _facts("invoice_number level claimed total due_on currency", "fees iban instalment"),
    "digital_delivery": _facts("items"),
    "delayed": _facts("lines", "new_date old_date cancel_url"),
    "promise_passed": _facts("lines promised_on", "pickup cancel_url"),
    "parcel_returned": _facts("", "lines carrier tracking_number delivery_address"),
    "parcel_lost": _facts("", "lines carrier tracking_number"),
    "change_declined": _facts("lines", "return_url"),
    "claim_received": _facts("claim_number lines"),
    "claim_approved": _facts("claim_number lines", "returns_goods"),
    "claim_denied": _facts("claim_number lines reason"),
    "personal": _facts("topic paragraphs"),
    "invitation": _facts("link_url link_until", "company"),
    "password_reset": _facts("link_url link_until", "company"),
}
PERSONAL = frozenset({"invitation", "password_reset"})
# What a retailer may put in its own words: all that customers are told of their orders.
OWN_WORDS = tuple(name for name in TEMPLATES if name not in PERSONAL)


# Letters to partners and to our own people; `rows` have number and due_at, perhaps partner, what, kind and owner.
LETTERS: dict[str, Facts] = {
    "letters/partner_invited": _facts("partner url"),
    "letters/answers_due": _facts("rows url"),
    "letters/work_late": _facts("rows url"),
    "letters/cases_late": _facts("rows url"),
    "letters/objection_made": _facts("number partner measure url"),
    "letters/objection_decided": _facts("number measure upheld answer url"),
}
_OF_LETTERS = _facts("brand", "customer_name order_url")


def facts_of(template: str) -> Facts:
    """The names a template takes, the common ones included; `InvalidInput` for a template we do not have."""
    if letter := LETTERS.get(template):
        return Facts(letter.required | _OF_LETTERS.required, letter.optional | _OF_LETTERS.optional)
    own = TEMPLATES.get(template)
    if own is None:
        raise InvalidInput(f"there is no message {template!r}", code="TEMPLATE_UNKNOWN", path=("template",))
    common = _PERSONAL if template in PERSONAL else _COMMON
    return Facts(own.required | common.required, own.optional | common.optional)


def render_message(
    template: str, language: str, context: Mapping[str, Any], words: Words | None = None, *, note: str = ""
) -> Message:
    """The message in `de` or `en`; any other language is written in English.

    `words` are a retailer's own, checked ones instead of ours. `note` is a personal sentence after all else. `context`
    holds what `facts_of` names; `InvalidInput` when something required is missing, a name is unknown or an address of a
    link is no web address.
    """
    written = written_in(language)
    values = {**_checked(template, context), "note": paragraphs_of(note)}
    text, page = (
        _template(kind, written, template) if words is None else own_template(kind, written, words)
        for kind in ("txt", "html")
    )
    with bounded():
        parts = text.make_module(values)
        subject = " ".join(str(getattr(parts, "subject")).split())  # noqa: B009 - an attribute mypy cannot know
        layout = {**values, "subject": subject, "language": written}
        return Message(subject=subject, text=_tidied(str(parts)), html=page.render(layout))


def render_body(template: str, language: str, context: Mapping[str, Any], words: Words | None = None) -> str:
    """What the message says between greeting and regards, as plain text: what an agent goes on writing from."""
    written = written_in(language)
    text = _template("txt", written, template) if words is None else own_template("txt", written, words)
    values = text.new_context({**_checked(template, context), "language": written})
    with bounded():
        return _tidied("".join(text.blocks["body"](values)))


def written_in(language: str) -> Language:
    """The language in which somebody is written to: theirs where we have its words, else English."""
    return "de" if language == "de" else "en"


def shipped_source(template: str, language: Language) -> str:
    """Our own template as it stands in the release."""
    facts_of(template)
    return (_FOLDER / language / f"{template}.jinja").read_text(encoding="utf-8")


def _checked(template: str, context: Mapping[str, Any]) -> dict[str, Any]:
    facts = facts_of(template)
    if missing := facts.required - context.keys():
        raise InvalidInput(f"{template} lacks {', '.join(sorted(missing))}", code="FACT_MISSING", path=("context",))
    if unknown := context.keys() - facts.required - facts.optional:
        raise InvalidInput(f"{template} knows no {', '.join(sorted(unknown))}", code="FACT_UNKNOWN", path=("context",))
    return {**dict.fromkeys(facts.optional), **context}


@cache
def _environment(kind: str, language: Language, own: bool = False) -> Environment:
    """How templates are read. `own`: those of a retailer, in a sandbox, where what a line lacks reads as nothing."""
    given: dict[str, Any] = {
        "loader": _loader(),
        "autoescape": kind == "html",  # plain text must not be escaped
        "auto_reload": False,  # templates are part of the release
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
    if own:
        environment: Environment = ImmutableSandboxedEnvironment(**given, finalize=said)
        environment.globals.clear()
    else:
        environment = Environment(undefined=StrictUndefined, **given)  # noqa: S701 - see autoescape above
    environment.filters["money"] = lambda amount, currency: formatting.money(amount, currency, language)
    environment.filters["day"] = lambda value: formatting.day(_date(value), language)
    pattern = "%d.%m.%Y %H:%M %Z" if language == "de" else "%Y-%m-%d %H:%M %Z"
    environment.filters["moment"] = lambda value: value.strftime(pattern)
    environment.filters["link"] = _web_address
    environment.filters["on_color"] = _text_on
    if own:
        for name in FACT_FILTERS:
            environment.filters[name] = sure(name, environment.filters[name])
    environment.globals["ui"] = environment.get_template(f"ui.{kind}").module
    environment.globals["words"] = environment.get_template(f"{language}/words.jinja").module
    environment.globals["layout"] = f"layout.{kind}"
    return environment


@cache
def _loader() -> BaseLoader:
    """Our folder, and the page around every mail: MJML, made into the HTML that mail programs understand once.

    No font is loaded from elsewhere.
    """
    page = mjml2html((_FOLDER / "layout.mjml").read_text(encoding="utf-8"), fonts={})
    return ChoiceLoader([DictLoader({"layout.html": page}), FileSystemLoader(_FOLDER)])


def _template(kind: str, language: Language, name: str) -> Template:
    return _environment(kind, language).get_template(f"{language}/{name}.jinja")


@lru_cache(maxsize=512)
def own_template(kind: str, language: Language, words: Words) -> Template:
    """A retailer's words as a template. Of the HTML every < and > of theirs stands as a sign, never as a tag."""
    environment = _environment(kind, language, own=True)
    tree = environment.parse(source_of(words))
    if kind == "html":
        for said in tree.find_all(nodes.TemplateData):
            said.data = said.data.replace("<", "&lt;").replace(">", "&gt;")
    return environment.from_string(tree)


def _date(value: date | str) -> date:
    # Facts may have travelled through a queue as JSON.
    return date.fromisoformat(value) if isinstance(value, str) else value


def _web_address(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise InvalidInput(f"{url[:80]!r} is no web address", code="LINK_INVALID", path=("context",))
    return url


def _text_on(color: str) -> str:
    """Black or white, whichever reads better on the color."""
    formatting.accent(color)
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return "#000000" if red * 299 + green * 587 + blue * 114 > 150_000 else "#ffffff"


def _tidied(text: str) -> str:
    """At most one blank line in a row, no blanks at line ends."""
    lines: list[str] = []
    for line in (line.rstrip() for line in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
