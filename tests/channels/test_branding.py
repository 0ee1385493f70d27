"""A retailer's look: readable or refused, the same on pages, papers and mails, every version kept."""

from __future__ import annotations

import base64
import re
import struct
from typing import Any

import pytest
import sqlalchemy as sa

from factories.channels import make_channel
from factories.locations import make_location
from factories.partners import make_partner
from factories.stories import make_story, make_task
from kontor.auth.permissions import DROPSHIPPER, Permission
from kontor.channels import branding, colors, logos
from kontor.channels.branding import BrandDraft, save_brand
from kontor.channels.errors import BrandTaken
from kontor.channels.models import BrandFont
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.outbox import EventRecord
from kontor.notifications import queries as notifications
from kontor.notifications.service import brand_of
from printing.sheets import texts_of
from support import Client, Drain, Principals

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="#0b5c4a"/></svg>'
PNG = (
    logos.PNG_PREFIX
    + base64.b64encode(
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + struct.pack(">II", 40, 20)
        + b"\x08\x02\0\0\0"
        + b"\0" * 4
    ).decode()
)
SAVE = """mutation ($input: BrandInput!) { saveBrand(input: $input) { __typename
  ... on Brand { version styleUrl logoLightUrl light { color onColor } dark { color } }
  ... on Error { code path details } } }"""
TEXTS = {
    language: {"footer": f"footer-{language}", "delivery_note": f"note-{language}", "mail_footer": f"mail-{language}"}
    for language in ("de", "en")
}


@pytest.mark.parametrize("color", ["#0b5c4a", "#1b5ebd", "#b3231b", "#000000", "#6a1b9a", "#5a5a00"])
def test_every_shade_of_an_accepted_color_can_be_read(color: str) -> None:
    made = colors.palette(color)
    for shades, ground in ((made.light, colors.LIGHT_GROUND), (made.dark, colors.DARK_GROUND)):
        for one, other in (
            (shades.color, ground), (shades.color, shades.on_color), (shades.hover, shades.on_color),
            (shades.color, shades.tint),
        ):  # fmt: skip
            assert colors.contrast(one, other) >= colors.ENOUGH, (color, one, other)


@pytest.mark.parametrize("color", ["#ffd000", "#8db8ff", "#ffffff", "#777777"])
def test_a_weak_color_is_refused_with_one_that_would_do(color: str) -> None:
    with pytest.raises(colors.WeakContrast) as refused:
        colors.palette(color)
    assert refused.value.path == ("color",)
    assert colors.palette(refused.value.params["suggestion"])


def test_contrast_is_that_of_wcag() -> None:
    assert round(colors.contrast("#000000", "#ffffff"), 2) == 21
    assert round(colors.contrast("#767676", "#ffffff"), 2) == 4.54


def test_an_svg_is_reduced_to_what_draws() -> None:
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)" '
        'viewBox="0 0 9 9"><script>alert(2)</script><style>*{fill:url(//evil.example)}</style>'
        '<foreignObject><p>x</p></foreignObject><a href="javascript:alert(3)"><path d="M0 0"/></a>'
        '<image href="https://evil.example/x.png"/><use href="https://evil.example/#a"/><use xlink:href="#own"/>'
        '<rect id="own" width="9" height="9" fill="url(#g)" style="x:y" onclick="a()"/>'
        '<rect width="1" height="1" fill="url(https://evil.example)"/><animate attributeName="x"/></svg>'
    )
    kept = logos.cleaned(hostile, "logoLight")
    for gone in ("script", "alert", "evil", "foreignObject", "style", "image", "animate", "onclick", "onload"):
        assert gone not in kept, gone
    assert 'href="#own"' in kept
    assert 'fill="url(#g)"' in kept


@pytest.mark.parametrize(
    "logo",
    [
        "no picture", "<svg", '<svg xmlns="http://www.w3.org/2000/svg"/>', "<html/>",
        '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"><path d="&a;"/></svg>',
        logos.PNG_PREFIX + "AAAA", logos.PNG_PREFIX + "%%", LOGO + " " * 0 + "x" * 400_000,
    ],
)  # fmt: skip
def test_what_is_no_logo_is_refused(logo: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        logos.cleaned(logo, "logoDark")
    assert (refused.value.code, refused.value.path) == ("LOGO_INVALID", ("logoDark",))


async def test_a_brand_is_saved_as_versions_and_told(
    database: Database, client: Client, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db, code="shop")
    given: dict[str, Any] = {"code": "nordlicht", "name": "Nordlicht", "color": "#0B5C4A", "channel": "shop"}

    async def save(**changes: Any) -> Any:
        answer = await client.graphql(SAVE, {"input": {**given, **changes}}, principal=principals.admin)
        return answer["data"]["saveBrand"]

    assert (await save(logoLight=LOGO))["version"] == 1
    assert (await save(logoLight=LOGO))["version"] == 1
    second = await save(logoLight=PNG, texts={"de": {"deliveryNote": "x"}, "en": {"deliveryNote": "y"}})
    assert (second["version"], second["styleUrl"]) == (2, "/branding/nordlicht.css?v=2")
    assert second["logoLightUrl"] == "/branding/nordlicht/logo-light.png?v=2"
    for changes, code, path in (
        ({"color": "#ffd000"}, "CONTRAST_TOO_WEAK", "color"),
        ({"color": "red"}, "COLOR_INVALID", "color"),
        ({"name": " "}, "INVALID_TEXT", "name"),
        ({"code": "Nord Licht"}, "INVALID_CODE", "code"),
        ({"code": "other"}, "BRAND_TAKEN", "code"),
        ({"channel": None}, "CHANNEL_OR_ENTITY", "channel"),
        ({"channel": "nowhere"}, "CHANNEL_NOT_FOUND", "channel"),
        ({"logoDark": "<svg/>"}, "LOGO_INVALID", "logoDark"),
        ({"texts": {"de": {"deliveryNote": "only"}}}, "TEXT_MISSING", "texts.en.deliveryNote"),
    ):
        refused = await save(**changes)
        assert (refused["code"], ".".join(refused["path"])) == (code, path), refused
    versions = await client.graphql(
        '{ brands { version } all: brands(code: "nordlicht") { version } }', principal=principals.admin
    )
    assert [each["version"] for each in versions["data"]["brands"]] == [2]
    assert [each["version"] for each in versions["data"]["all"]] == [2, 1]
    async with database.read_only() as db:
        told = await db.scalars(sa.select(EventRecord.payload).where(EventRecord.name == "BrandSaved"))
        assert list(told) == [{"code": "nordlicht", "version": 1}, {"code": "nordlicht", "version": 2}]
        assert (await branding.brands_of_channels(db, [channel.id]))[channel.id].version == 2


@pytest.mark.engine("sqlite")
async def test_the_style_sheet_sets_exactly_six_variables(database: Database, client: Client) -> None:
    async with database.unit_of_work() as db:
        await make_channel(db, code="shop")
        draft = BrandDraft(
            "nordlicht", "Nordlicht", "#0b5c4a", channel="shop", logo_light=LOGO, radius=8, font=BrandFont.SOURCE_SANS
        )  # fmt: skip
        await save_brand(db, draft, now=db.now)
    answer = await client.http.get("/branding/nordlicht.css?v=1")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert re.findall(r"(--[\w-]+):", answer.text) == [
        "--brand", "--on-brand", "--brand-logo-light", "--brand-logo-dark", "--brand-radius", "--brand-font",
    ]  # fmt: skip
    assert "--brand: light-dark(#0b5c4a, #" in answer.text
    assert (await client.http.get("/branding/nordlicht.css?v=0")).headers["cache-control"] == "no-cache"
    for address in re.findall(r'url\("([^"]+)"\)', answer.text):
        part = await client.http.get(address)
        assert part.status_code == 200, address
    logo = await client.http.get("/branding/nordlicht/logo-dark.svg?v=1")
    assert logo.headers["content-type"] == "image/svg+xml"
    assert logo.headers["content-security-policy"] == "default-src 'none'; sandbox"
    for astray in ("other.css", "nordlicht/logo-light.png", "nordlicht/logo-blue.svg", "fonts/passwd"):
        assert (await client.http.get(f"/branding/{astray}")).status_code == 404, astray


async def test_papers_and_mails_wear_the_brand(
    database: Database, client: Client, drain: Drain, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db)
        task = await make_task(db, story)
        draft = BrandDraft(
            "nord", "Nordlicht", "#0b5c4a", channel=story.channel.code, texts=TEXTS, logo_light=PNG
        )  # fmt: skip
        await save_brand(db, draft, now=db.now)
    given = {"fulfillmentOrderIds": [str(task.id)], "kinds": ["DELIVERY_NOTE"]}
    query = "mutation ($input: PrintDocumentsInput!) { printDocuments(input: $input) { ... on PrintBatch { url } } }"
    answer = await client.graphql(query, {"input": given}, principal=principals.admin)
    assert await drain() == []
    url = answer["data"]["printDocuments"]["url"]
    (page,) = texts_of((await client.http.get(url, headers=client.acting(principals.admin))).content)
    assert "note-de" in page
    assert "footer-de" in page
    async with database.read_only() as db:
        channel = (await notifications.channels_by_id(db, [story.channel.id]))[story.channel.id]
    mail = brand_of(channel, "en", "https://kontor.example")
    assert (mail.name, mail.color, mail.legal_lines[-1]) == ("Nordlicht", "#0b5c4a", "mail-en")
    assert mail.logo_url == "https://kontor.example/branding/nord/logo-light.png?v=1"


@pytest.mark.engine("sqlite")
async def test_a_channel_without_a_brand_wears_that_of_its_entity(
    database: Database, client: Client, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        one = await make_channel(db, code="one")
        two = await make_channel(db, code="two", legal_entity_id=one.legal_entity_id)
        entity = await db.scalar(sa.select(branding.LegalEntity.code))
        await save_brand(db, BrandDraft("house", "House", "#0b5c4a", legal_entity=entity), now=db.now)
        await save_brand(db, BrandDraft("shop", "Shop", "#1b5ebd", channel="two"), now=db.now)
        partner = await make_partner(db)
        await make_location(db, partner_id=partner.id, channel_codes=["two"])
        with pytest.raises(BrandTaken):
            await save_brand(db, BrandDraft("again", "Again", "#1b5ebd", channel="two"), now=db.now)
    async with database.read_only() as db:
        found = await branding.brands_of_channels(db, [one.id, two.id])
        assert {key: brand.code for key, brand in found.items()} == {one.id: "house", two.id: "shop"}
    for principal, codes in (
        (principals.holding(*DROPSHIPPER, partner_id=partner.id), ["shop"]),
        (principals.holding(Permission.FULFILLMENT_READ), ["house", "shop"]),
    ):
        answer = await client.graphql("{ portalBrands { code styleUrl } }", principal=principal)
        assert [each["code"] for each in answer["data"]["portalBrands"]] == codes
