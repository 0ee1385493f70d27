import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import Environment, nodes

from kontor.core.errors import InvalidInput
from kontor.notifications import rendering
from kontor.notifications.rendering import PERSONAL, TEMPLATES, MessageBrand, facts_of, render_message

BRAND = MessageBrand(
    name="Nordlicht",
    color="#0b5c4a",
    logo_url="https://nordlicht.example/logo.png",
    website="https://nordlicht.example",
    support_email="service@nordlicht.example",
    support_phone="+49 40 123456",
    legal_lines=("Nordlicht Handels GmbH · Speicherstraße 12 · 20457 Hamburg", "Amtsgericht Hamburg, HRB 123456"),
)
LINES = [{"name": "Wollmantel", "quantity": 2, "detail": "Größe 42", "total": 23800}, {"name": "Schal", "quantity": 1}]
# One distinctive value per fact, and how it reads in the message where that differs from the value.
FULL: dict[str, Any] = {
    "brand": BRAND,
    "order_number": "NL-4711",
    "customer_name": "Anna Muster",
    "order_url": "https://nordlicht.example/orders/4711",
    "lines": LINES,
    "total": 23801,
    "currency": "EUR",
    "discount": 502,
    "shipping_cost": 493,
    "tax_included": 3804,
    "payment_method": "Visa 4242",
    "delivery_address": ["Max Muster", "Elbstraße 145a", "22767 Hamburg"],
    "pickup_location": None,
    "promised_from": date(2026, 11, 24),
    "promised_until": date(2026, 11, 26),
    "answer_by": date(2026, 11, 23),
    "pay_url": "https://nordlicht.example/pay?a=1&b=2",
    "pay_until": date(2026, 11, 27),
    "parcels": [{"carrier": "DHL", "tracking_number": "0034", "tracking_url": "https://dhl.example/?a=1&b=0034"}],
    "outstanding": [{"name": "Mütze", "quantity": 1}],
    "expected_on": date(2026, 11, 28),
    "location": ["Store Hamburg", "Jungfernstieg 1"],
    "pickup_code": "731-904",
    "pickup_until": date(2026, 12, 1),
    "opening_hours": ["Mo–Sa 10–20"],
    "picked_up_on": date(2026, 11, 29),
    "return_until": date(2026, 12, 24),
    "return_url": "https://nordlicht.example/returns",
    "delivered_on": date(2026, 11, 30),
    "whole": False,
    "reason": "Nicht mehr lieferbar",
    "refund_amount": 11905,
    "refund_method": "PayPal",
    "rma_number": "RMA-45",
    "label_url": "https://nordlicht.example/label",
    "label_attached": True,
    "return_address": ["Retourenzentrum", "Industrieweg 7"],
    "received_on": date(2026, 12, 2),
    "accepted": [{"name": "Wollmantel", "quantity": 1}],
    "refused": [{"name": "Schal", "quantity": 1, "detail": "getragen"}],
    "amount": 11906,
    "code": "ABCD-EFGH-JKLM-NPQR",
    "shares": [{"method": "Gutschein", "amount": 5007}, {"method": "Visa 1111", "amount": 6899}],
    "items": [
        {"name": "Spiel", "codes": ["AAAA-1"], "instructions": "Eingeben", "download_url": "https://dl.example/x"},
        {"name": "Buch", "codes": ["BBBB-2", "CCCC-3"]},
    ],
    "invoice_number": "HH-2026-000123",
    "level": 3,
    "claimed": 7108,
    "fees": 509,
    "due_on": date(2026, 12, 7),
    "iban": "DE89370400440532013000",
    "instalment": True,
    "iban_ending": "3000",
    "mandate": "M-2026-17",
    "creditor_id": "DE98ZZZ09999999999",
    "collect_on": date(2026, 12, 11),
    "new_date": date(2026, 12, 5),
    "old_date": date(2026, 11, 25),
    "cancel_url": "https://nordlicht.example/cancel",
    "account_holder": "Nordlicht Handels GmbH",
    "bic": "COBADEFFXXX",
    "reference": "NL-4711",
    "topic": "Ihre Frage",
    "paragraphs": ["Danke für Ihre Nachricht.", "Wir kümmern uns."],
    "link_url": "https://nordlicht.example/portal/link#kl_abc",
    "link_until": date(2026, 12, 9),
    "company": "Nordlicht",
    "new_lines": [{"name": "Wollmantel XL", "quantity": 1}],
    "way": "AFTER_RETURN",
    "asked": True,
    "exchange": False,
    "replacement": False,
    "promised_on": date(2026, 11, 26),
    "pickup": False,
    "carrier": "DHL",
    "tracking_number": "00340",
    "claim_number": "CNL-4711-1",
    "returns_goods": True,
    "why": "OUT_OF_STOCK",
}
LANGUAGES = ["de", "en"]


def full(template: str) -> dict[str, Any]:
    facts = facts_of(template)
    return {name: FULL[name] for name in facts.required | facts.optional}


def minimal(template: str) -> dict[str, Any]:
    return {name: FULL[name] for name in facts_of(template).required} | {"brand": MessageBrand(name="Nordlicht")}


class Visible(HTMLParser):
    """The words and link targets of a page, and whether its tags balance."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title", "head"} & {*self.open[1:]} or self.open[-1:] == ["body"]:
            self.words += data.replace("×", " ").replace("·", " ").split()


def words_of(text: str) -> set[str]:
    return {word.strip(".,:()-") for word in re.sub(r"[×·]", " ", text).split()} - {""}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_text_says_all_the_html_says(template: str, language: str) -> None:
    message = render_message(template, language, full(template))
    page = Visible(message.html)
    assert page.open == []
    assert {word.strip(".,:()-") for word in page.words} - words_of(message.text) - {""} == set()
    assert [link for link in page.links if link.removeprefix("mailto:") not in message.text] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_message_works_with_only_what_it_needs(template: str, language: str) -> None:
    message = render_message(template, language, minimal(template))
    assert message.subject
    assert "None" not in message.text + message.html
    assert ("NL-4711" in message.text) is (template not in PERSONAL)
    assert Visible(message.html).open == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_each_missing_required_fact_is_named(template: str, language: str) -> None:
    for name in facts_of(template).required:
        context = full(template)
        del context[name]
        with pytest.raises(InvalidInput, match=name) as refusal:
            render_message(template, language, context)
        assert refusal.value.code == "FACT_MISSING"


def used_names(source: str) -> set[str]:
    tree = Environment(autoescape=True).parse(source)
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"} & FULL.keys()


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_languages_use_the_same_facts(template: str) -> None:
    folder = rendering._FOLDER
    german, english = (used_names((folder / code / f"{template}.jinja").read_text()) for code in LANGUAGES)
    assert german == english
    facts = facts_of(template)
    # The layout itself uses the name and the link.
    assert (facts.required | facts.optional) - german <= {"customer_name", "order_url", "brand", "label_attached"}


def test_every_template_file_is_declared() -> None:
    for language in LANGUAGES:
        names = {path.stem for path in (rendering._FOLDER / language).glob("*.jinja")} - {"words"}
        assert names == TEMPLATES.keys()


def test_partial_shipment_reads_differently_from_complete() -> None:
    context = full("shipped")
    assert render_message("shipped", "de", context).subject == "Ein Teil Ihrer Bestellung NL-4711 ist unterwegs"
    complete = render_message("shipped", "de", context | {"outstanding": None})
    assert complete.subject == "Ihre Bestellung NL-4711 ist unterwegs"
    assert "vollständig versandt" in complete.text


def test_whole_cancellation_without_payment_says_nothing_is_charged() -> None:
    context = minimal("canceled") | {"whole": True}
    message = render_message("canceled", "en", context)
    assert message.subject == "Order NL-4711 canceled"
    assert "You will not be charged." in message.text


def test_customer_text_is_escaped_in_html_and_plain_in_text() -> None:
    context = full("shipped") | {"customer_name": "<script>x</script> & Co"}
    message = render_message("shipped", "en", context)
    assert "<script>" not in message.html
    assert "&lt;script&gt;x&lt;/script&gt; &amp; Co" in message.html
    assert "<script>x</script> & Co" in message.text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_links_lead_only_to_web_addresses(url: str) -> None:
    with pytest.raises(InvalidInput):
        render_message("payment_failed", "de", full("payment_failed") | {"pay_url": url})


def test_subject_is_one_line_whatever_the_number() -> None:
    message = render_message("delivered", "en", minimal("delivered") | {"order_number": "1\r\nBcc: x@y.example"})
    assert message.subject == "Your order 1 Bcc: x@y.example has arrived"


def test_unwritten_language_gets_english() -> None:
    assert render_message("delivered", "fr", minimal("delivered")) == render_message(
        "delivered", "en", minimal("delivered")
    )


def test_unknown_facts_and_templates_are_refused() -> None:
    with pytest.raises(InvalidInput, match="surprise"):
        render_message("delivered", "de", minimal("delivered") | {"surprise": 1})
    with pytest.raises(InvalidInput):
        render_message("../ui", "de", {})


def test_dates_may_come_as_json_wrote_them() -> None:
    message = render_message("delayed", "de", minimal("delayed") | {"new_date": "2026-12-05"})
    assert "Neuer Termin: 5. Dezember 2026." in message.text


def test_button_text_reads_on_light_and_dark_brand_colors() -> None:
    context = full("payment_failed")
    light = render_message("payment_failed", "en", context | {"brand": MessageBrand(name="L", color="#ffe600")})
    assert "background-color:#ffe600;color:#000000" in light.html
    assert "background-color:#0b5c4a;color:#ffffff" in render_message("payment_failed", "en", context).html
