"""A retailer's own words: what may stand in them, and how they look."""

from __future__ import annotations

import re

import pytest
from jinja2.exceptions import UndefinedError

from kontor.core.errors import InvalidInput
from kontor.notifications.errors import InvalidTemplate
from kontor.notifications.limiting import TooLong
from kontor.notifications.own_words import TemplateDraft, checked, shipped_words
from kontor.notifications.rendering import OWN_WORDS, facts_of, render_body, render_message
from kontor.notifications.samples import sample
from kontor.notifications.wording import Words, with_paragraphs

BODY = "Your order {{ order_number }} is on its way.\n\n{{ ui.items(lines) }}\n\nThank you."


def draft(template: str = "shipped", **parts: str) -> TemplateDraft:
    words = {"subject": "Off it goes: {{ order_number }}", "title": "On its way", "body": BODY, **parts}
    return TemplateDraft(template=template, language="en", words=Words(**words))


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("template", OWN_WORDS)
def test_our_own_words_pass_the_check_that_others_have_to_pass(template: str, language: str) -> None:
    words = shipped_words(template, "de" if language == "de" else "en")
    assert checked(TemplateDraft(template=template, language=language, words=words)).template == template


@pytest.mark.parametrize(
    ("part", "text", "code", "named"),
    [
        ("body", "{{ order_numbre }}", "PLACEHOLDER_UNKNOWN", "order_numbre"),
        ("subject", "{{ pickup_code }}", "PLACEHOLDER_UNKNOWN", "pickup_code"),
        ("title", "{% if carrier %}x{% endif %}", "PLACEHOLDER_UNKNOWN", "carrier"),
        ("body", "{{ order_number.__class__ }}", "TEMPLATE_FORBIDDEN", "__class__"),
        ("body", "{{ order_number['__class__'] }}", "TEMPLATE_FORBIDDEN", "Getitem"),
        ("body", "{{ ''.__class__.__mro__ }}", "TEMPLATE_FORBIDDEN", "__mro__"),
        ("body", "{{ order_number.format(brand) }}", "TEMPLATE_FORBIDDEN", "call"),
        ("body", "{{ '%s'|format(brand) }}", "TEMPLATE_FORBIDDEN", "format"),
        ("body", "{{ lines|map(attribute='name')|first }}", "TEMPLATE_FORBIDDEN", "map"),
        ("body", "{{ 'x' * 10000000 }}", "TEMPLATE_FORBIDDEN", "Mul"),
        ("body", "{{ order_number|safe }}", "TEMPLATE_FORBIDDEN", "safe"),
        ("body", "{% for a in range(9) %}x{% endfor %}", "TEMPLATE_FORBIDDEN", "for"),
        ("body", "{% include 'shipped.jinja' %}", "TEMPLATE_FORBIDDEN", "Include"),
        ("body", "{% extends layout %}", "TEMPLATE_FORBIDDEN", "Extends"),
        ("body", "{% block title %}x{% endblock %}", "TEMPLATE_FORBIDDEN", "Block"),
        ("body", "{% set a = 1 %}", "TEMPLATE_FORBIDDEN", "Assign"),
        ("body", "<script>alert(1)</script>", "TEMPLATE_FORBIDDEN", "HTML"),
        ("body", "{{ ui.button('x', '#', caller) }}", "PLACEHOLDER_UNKNOWN", "caller"),
        ("body", "{{ words.regards }}", "TEMPLATE_FORBIDDEN", "regards"),
        ("title", "{% if order_number %}x", "TEMPLATE_SYNTAX", None),
        ("body", "{% endblock %}", "TEMPLATE_SYNTAX", None),
        ("body", "{{ lines|money('EUR') }}", "TEMPLATE_SYNTAX", None),
        ("body", " ", "TEMPLATE_LENGTH", None),
    ],
)
def test_what_may_not_stand_in_a_message_is_named(part: str, text: str, code: str, named: str | None) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        checked(draft(**{part: text}))
    assert (refused.value.code, refused.value.path) == (code, (part,))
    assert named is None or refused.value.params["name"] == named


def test_what_a_customer_needs_must_not_be_left_out() -> None:
    with pytest.raises(InvalidTemplate) as refused:
        checked(draft("ready_for_pickup", body="It is there."))
    assert (refused.value.code, refused.value.params["names"]) == ("PLACEHOLDER_MISSING", "pickup_code")


def test_personal_mails_of_the_system_and_unknown_ones_are_not_written_anew() -> None:
    for template in ("password_reset", "nothing"):
        with pytest.raises(InvalidInput) as refused:
            checked(draft(template))
        assert refused.value.code == "TEMPLATE_UNKNOWN"


def test_plain_paragraphs_look_like_paragraphs_in_both_forms() -> None:
    facts = facts_of("shipped")
    message = render_message("shipped", "en", sample(facts.required | facts.optional, "en"), draft().words)
    assert message.subject == "Off it goes: 1000231"
    assert "Your order 1000231 is on its way.\n\n- 2 × Wollmantel (42)\n- 1 × Schal\n\nThank you.\n" in message.text
    assert '<p style="margin:0 0 16px 0;">Thank you.</p>' in message.html
    assert "Kind regards" in message.text
    assert "Kind regards" in message.html


def test_a_condition_across_paragraphs_is_left_as_it_is() -> None:
    body = "{% if outstanding %}\nOne\n\n{% endif %}\nTwo"
    assert with_paragraphs(body) == "{% if outstanding %}\nOne\n{% endif %}\nTwo"
    whole = with_paragraphs("{% if outstanding %}One{% endif %}\n\nTwo")
    assert whole.count("{% call ui.p() %}") == 2


def test_what_an_agent_writes_on_from_is_the_body_alone() -> None:
    facts = facts_of("shipped")
    body = render_body("shipped", "en", sample(facts.required | facts.optional, "en"), draft().words)
    assert body.startswith("Your order 1000231")
    assert body.endswith("Thank you.\n")


def test_facts_of_an_order_are_escaped_in_own_words() -> None:
    facts = {**sample(facts_of("shipped").required, "en"), "order_number": "<b>1</b>"}
    message = render_message("shipped", "en", facts, draft().words)
    assert "<b>1</b>" not in message.html
    assert "<b>1</b>" in message.text


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{{ 'aaaaaaaaaaaa'|join('aaaaaaaaaaaa') }}", "join"),
        ("{{ order_number|join('a'|join('b')) }}", "join"),
        ("{{ parcels|join('" + "-" * 21 + "') }}", "join"),
        ("{% for a in lines %}{% for b in lines %}x{% endfor %}{% endfor %}", "for"),
        ("{% for a in lines %}{{ ui.items(lines) }}{% endfor %}", "call"),
    ],
)
def test_words_that_would_grow_without_end_are_refused(body: str, named: str) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        checked(draft(body=body))
    assert (refused.value.code, refused.value.params["name"]) == ("TEMPLATE_FORBIDDEN", named)


def test_a_message_of_an_order_has_an_end() -> None:
    lines = [{"name": "x" * 200, "quantity": 1}] * 3000
    facts = {**sample(facts_of("shipped").required, "en"), "lines": lines}
    words = Words("A", "B", "{% for line in lines %}{{ lines }}{% endfor %}")
    with pytest.raises(TooLong):
        render_message("shipped", "en", facts, words)


@pytest.mark.parametrize("start", ["<{# #}img src=x onerror=alert(1)>", "<{{ 'script' }}>", "5 <{{ order_number }}"])
def test_no_tag_is_put_together_from_parts(start: str) -> None:
    words = checked(draft(title=start, body=start)).words
    html = render_message("shipped", "en", sample(facts_of("shipped").required, "en"), words).html
    assert not re.search(r"<(?:img src=x|script|1000231)", html)
    assert html.count("&lt;") >= 2


@pytest.mark.parametrize(
    "body",
    [
        "We expect it on {{ expected_on|day }}.",
        "{{ order_url|link }}",
        "{% if order_number %}" * 110 + "x" + "{% endif %}" * 110,
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ " + "1" * 5000 + " }}",
    ],
)
def test_words_that_cannot_be_put_together_are_refused_and_nothing_else(body: str) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        checked(draft(body=body))
    assert (refused.value.code, refused.value.path) == ("TEMPLATE_SYNTAX", ("body",))


def test_what_is_missing_is_not_written_as_none_or_as_today() -> None:
    facts = sample(facts_of("shipped").required, "en")
    message = render_message("shipped", "en", facts, Words("A", "B", "On: {{ expected_on }}!"))
    assert "On: !" in message.text
    with pytest.raises(UndefinedError):
        render_message("shipped", "en", facts, Words("A", "B", "{{ expected_on|day }}"))


@pytest.mark.parametrize(
    ("template", "body", "named"),
    [
        ("ready_for_pickup", "{% if false %}{{ pickup_code }}{% endif %}", "pickup_code"),
        ("digital_delivery", "{% for i in items %}{{ i.name }}{% endfor %}", "items"),
        ("personal", "{% for p in paragraphs %}.{% endfor %}", "paragraphs"),
        ("payment_awaited", "{{ total|money(currency) }} {{ iban }} {{ reference and '' }}", "reference"),
    ],
)
def test_what_a_customer_needs_must_be_said_not_only_named(template: str, body: str, named: str) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        checked(draft(template, body=body))
    assert (refused.value.code, refused.value.params["names"]) == ("PLACEHOLDER_MISSING", named)
