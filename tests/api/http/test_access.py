"""Links by mail, the second factor and the people of a partner, as a browser calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest
import sqlalchemy as sa

from factories.auth import PASSWORD, make_user
from factories.partners import make_partner
from kontor.adapters.messaging.mailbox import Mailbox
from kontor.app import create_app
from kontor.auth import queries, second_factor, service
from kontor.auth.models import User, UserLink, UserSecondFactor
from kontor.auth.permissions import Role
from kontor.core.clock import wall
from kontor.core.jobs import Runtime
from kontor.notifications.ports import MessageSender
from kontor.partners.models import Partner
from kontor.partners.states import PartnerState
from support import Drain, Run

# What is stored is rows by id; that both databases keep them alike is tested with the services below.
pytestmark = pytest.mark.engine("sqlite")

EMAIL, NEW = "kim@ds.example", "a password nobody guesses"
ACCESS = "myAccess { hasPassword secondFactor recoveryCodesLeft sessions { id current } user { name } }"


class Browser:
    """Calls the application and keeps its cookie, as a browser does."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def post(self, path: str, **given: Any) -> httpx.Response:
        return await self.http.post(path, json=given)

    async def ask(self, text: str, **variables: Any) -> Any:
        answer = await self.http.post("/graphql", json={"query": text, "variables": variables})
        assert "errors" not in answer.json(), answer.json()
        return next(iter(answer.json()["data"].values()))


@pytest.fixture
def browsers(runtime: Runtime, run: Run) -> Iterator[Any]:
    """A function that opens one more browser."""
    app, opened = create_app(runtime.settings, runtime=runtime), []

    def another() -> Browser:
        transport = httpx.ASGITransport(app=app)
        opened.append(httpx.AsyncClient(transport=transport, base_url=runtime.settings.base_url))
        return Browser(opened[-1])

    yield another
    for each in opened:
        run(each.aclose())


async def add_kim(runtime: Runtime, **given: Any) -> User:
    async with runtime.database.unit_of_work() as db:
        partner = await make_partner(db)
        return await make_user(db, email=EMAIL, name="Kim", role=Role.DROPSHIPPER, partner_id=partner.id, **given)


async def mailed(runtime: Runtime, to: str = EMAIL) -> list[str]:
    """The texts of what was mailed to an address, the newest first."""
    box = runtime.ports.get(MessageSender)  # type: ignore[type-abstract]
    assert isinstance(box, Mailbox)
    return [(await box.read_message(each.name)).text for each in await box.list_messages(to=to)]


def token_in(text: str) -> str:
    found = re.search(r"/portal/link#(kl_\S+)", text)
    assert found
    return found[1]


async def test_reset_link_works_once_and_ends_what_was_signed_in(runtime: Runtime, drain: Drain, browsers: Any) -> None:
    await add_kim(runtime, language="de")
    old, new = browsers(), browsers()
    assert (await old.post("/auth/sign-in", email=EMAIL, password=PASSWORD)).status_code == 200
    answers = [await new.post("/auth/reset", email=email) for email in (EMAIL.upper(), "nobody@ds.example")]
    assert [(each.status_code, each.content) for each in answers] == [(202, b"")] * 2
    assert await drain() == []
    assert await mailed(runtime, "nobody@ds.example") == []
    [text] = await mailed(runtime)
    assert "neues Passwort" in text
    token = token_in(text)
    async with runtime.database.read_only() as db:
        assert token not in str((await db.execute(sa.select(UserLink.token_hash))).all())
    seen = await new.post("/auth/link", token=token)
    assert seen.json() == {"purpose": "RESET", "email": EMAIL, "name": "Kim", "language": "de"}
    weak = await new.post("/auth/link/use", token=token, password="short")
    assert (weak.status_code, weak.json()["errors"][0]["path"]) == (400, ["password"])
    used = await new.post("/auth/link/use", token=token, password=NEW)
    assert (used.status_code, used.json()["email"]) == (200, EMAIL)
    assert (await new.http.get("/auth/me")).status_code == 200
    assert (await old.http.get("/auth/me")).status_code == 401
    again = await new.post("/auth/link/use", token=token, password=PASSWORD)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "LINK_USED")
    assert (await browsers().post("/auth/sign-in", email=EMAIL, password=NEW)).status_code == 200


async def test_expired_link_brings_a_new_one_to_the_same_address(runtime: Runtime, drain: Drain, browsers: Any) -> None:
    await add_kim(runtime)
    browser = browsers()
    await browser.post("/auth/reset", email=EMAIL)
    await drain()
    [text] = await mailed(runtime)
    async with runtime.database.unit_of_work() as db:
        await db.execute(sa.update(UserLink).values(expires_at=wall() - timedelta(seconds=1)))
    expired = await browser.post("/auth/link/use", token=token_in(text), password=NEW)
    assert (expired.status_code, expired.json()["errors"][0]["code"]) == (409, "LINK_EXPIRED")
    assert (await browser.post("/auth/link/renew", token=token_in(text))).status_code == 202
    assert (await browser.post("/auth/link/renew", token="kl_none")).status_code == 404
    await drain()
    newest, _ = await mailed(runtime)
    assert (await browser.post("/auth/link/use", token=token_in(newest), password=NEW)).status_code == 200


async def test_links_are_asked_for_a_few_times_only(runtime: Runtime, browsers: Any) -> None:
    browser = browsers()
    codes = [(await browser.post("/auth/reset", email="nobody@ds.example")).status_code for _ in range(6)]
    assert codes == [202] * 5 + [429]
    assert (await browser.post("/auth/reset")).status_code == 400


INVITE = """mutation ($input: ColleagueInput!) { inviteColleague(input: $input) {
  ... on ColleaguePayload { colleague { id role invited } } ... on Error { code path } } }"""
ROLE = """mutation ($id: UUID!, $role: Role!) { changeColleagueRole(id: $id, role: $role) {
  ... on ColleaguePayload { colleague { role } } ... on Error { code path } } }"""
REMOVE = """mutation ($id: UUID!) { removeColleague(id: $id) {
  ... on ColleaguePayload { colleague { id } } ... on Error { code path } } }"""
COLLEAGUES = "{ colleagues { name role invited } }"


async def test_manager_invites_a_colleague_who_begins_by_the_link(
    runtime: Runtime, drain: Drain, browsers: Any
) -> None:
    kim = await add_kim(runtime)
    manager, packer = browsers(), browsers()
    await manager.post("/auth/sign-in", email=EMAIL, password=PASSWORD)
    given = {"email": "jo@ds.example", "name": "Jo", "role": "DROPSHIPPER_STAFF", "language": "en"}
    made = (await manager.ask(INVITE, input=given))["colleague"]
    assert (made["role"], made["invited"]) == ("DROPSHIPPER_STAFF", True)
    wrong = await manager.ask(INVITE, input=given | {"email": "jo"})
    assert wrong == {"code": "INVALID_EMAIL", "path": ["input", "email"]}
    assert (await manager.ask(INVITE, input=given | {"email": EMAIL}))["code"] == "EMAIL_TAKEN"
    await drain()
    [text] = await mailed(runtime, "jo@ds.example")
    assert "invited" in text
    used = await packer.post("/auth/link/use", token=token_in(text), password=NEW)
    assert used.json()["role"] == "DROPSHIPPER_STAFF"
    async with runtime.database.read_only() as db:
        partner = await db.get(Partner, kim.partner_id)
        assert partner is not None
        assert partner.state in (PartnerState.ONBOARDING, PartnerState.ACTIVE)
    assert [each["name"] for each in await manager.ask(COLLEAGUES)] == ["Jo", "Kim"]
    often = [await manager.ask(INVITE, input=given | {"email": "ed@ds.example"}) for _ in range(6)]
    assert [each.get("code") for each in often] == [None] * 5 + ["TOO_MANY_ATTEMPTS"]
    refused = (await packer.http.post("/graphql", json={"query": COLLEAGUES})).json()
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    lonely = await manager.ask(ROLE, id=str(kim.id), role="DROPSHIPPER_STAFF")
    assert lonely == {"code": "LAST_MANAGER", "path": ["id"]}
    assert (await manager.ask(ROLE, id=made["id"], role="ADMIN"))["code"] == "NOT_A_PARTNER_ROLE"
    assert (await manager.ask(ROLE, id=made["id"], role="DROPSHIPPER"))["colleague"]["role"] == "DROPSHIPPER"
    assert (await packer.http.get("/auth/me")).status_code == 401
    assert (await manager.ask(REMOVE, id=made["id"]))["colleague"]["id"] == made["id"]
    assert (await packer.post("/auth/sign-in", email="jo@ds.example", password=NEW)).status_code == 401


async def test_nobody_manages_people_of_another_partner(runtime: Runtime, browsers: Any) -> None:
    await add_kim(runtime)
    async with runtime.database.unit_of_work() as db:
        other = await make_partner(db, code="other")
        pat = await make_user(db, email="pat@b.example", role=Role.DROPSHIPPER, partner_id=other.id)
    browser = browsers()
    await browser.post("/auth/sign-in", email=EMAIL, password=PASSWORD)
    assert (await browser.ask(REMOVE, id=str(pat.id)))["code"] == "USER_NOT_FOUND"
    given = {"email": "x@b.example", "name": "X"}
    text = INVITE.replace("($input", "($partner: UUID!, $input").replace(
        "input: $input", "partnerId: $partner, input: $input"
    )
    assert (await browser.ask(text, input=given, partner=str(other.id)))["code"] == "NO_PARTNER"


BEGIN = "mutation { beginSecondFactor { ... on SecondFactorEnrollment { secret uri qr } ... on Error { code } } }"
CONFIRM = f"""mutation ($code: String!) {{ confirmSecondFactor(code: $code) {{
  ... on SecondFactorPayload {{ recoveryCodes {ACCESS} }} ... on Error {{ code path }} }} }}"""


async def test_second_factor_is_asked_for_and_each_code_counts_once(runtime: Runtime, browsers: Any) -> None:
    kim = await add_kim(runtime)
    browser, other = browsers(), browsers()
    await browser.post("/auth/sign-in", email=EMAIL, password=PASSWORD)
    enrolled = await browser.ask(BEGIN)
    assert enrolled["qr"].startswith("data:image/svg+xml")
    app = pyotp.TOTP(enrolled["secret"])
    assert (await browser.ask(CONFIRM, code="000000"))["code"] == "WRONG_CODE"
    now = wall()
    confirmed = await browser.ask(CONFIRM, code=app.at(now))
    codes = confirmed["recoveryCodes"]
    assert (len(codes), confirmed["myAccess"]["recoveryCodesLeft"]) == (10, 10)

    async def step() -> str:
        answer = await other.post("/auth/sign-in", email=EMAIL, password=PASSWORD)
        assert (answer.status_code, list(answer.json())) == (202, ["secondFactor"])
        assert "set-cookie" not in answer.headers
        return str(answer.json()["secondFactor"])

    begun = await step()
    replayed = await other.post("/auth/second-factor", step=begun, code=app.at(now))
    assert replayed.json()["errors"][0]["code"] == "WRONG_CODE"
    assert (await other.http.get("/auth/me")).status_code == 401
    late = app.at(now + timedelta(seconds=30))
    assert (await other.post("/auth/second-factor", step=begun, code=late)).status_code == 200
    over = await other.post("/auth/second-factor", step=begun, code=codes[0])
    assert over.json()["errors"][0]["code"] == "SIGN_IN_STEP_OVER"
    assert (await other.post("/auth/second-factor", step=await step(), code=codes[0].upper())).status_code == 200
    assert (await other.post("/auth/second-factor", step=await step(), code=codes[0])).status_code == 400
    page = await browsers().http.post(
        "/sign-in", data={"email": EMAIL, "password": PASSWORD}, headers={"origin": runtime.settings.base_url}
    )
    assert (page.status_code, 'name="code"' in page.text) == (200, True)
    async with runtime.database.unit_of_work() as db:
        await make_user(db, email="admin@kontor.example")
    admin = browsers()
    await admin.post("/auth/sign-in", email="admin@kontor.example", password=PASSWORD)
    reset = "mutation ($id: UUID!) { resetSecondFactor(id: $id) { ... on UserPayload { user { email } } } }"
    assert (await admin.ask(reset, id=str(kim.id)))["user"]["email"] == EMAIL
    assert (await browser.http.get("/auth/me")).status_code == 401
    assert (await browser.post("/auth/sign-in", email=EMAIL, password=PASSWORD)).status_code == 200


async def test_a_link_to_a_new_password_is_no_way_around_the_second_factor(
    runtime: Runtime, drain: Drain, browsers: Any
) -> None:
    kim = await add_kim(runtime)
    async with runtime.database.unit_of_work() as db:
        await second_factor.enroll(db, await queries.lock_user(db, kim.id), now=wall())
        factor = await db.get_one(UserSecondFactor, kim.id)
        await second_factor.confirm(db, kim.id, pyotp.TOTP(factor.secret).at(wall()), now=wall())
    thief = browsers()
    await thief.post("/auth/reset", email=EMAIL)
    await drain()
    token = token_in((await mailed(runtime))[0])
    for path, given in (("passkey", {}), ("use", {"credential": {"id": "x"}, "step": "kst_x"})):
        answer = await thief.post(f"/auth/link/{path}", token=token, **given)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "INVALID_PASSKEY")
    used = await thief.post("/auth/link/use", token=token, password=NEW)
    assert (used.status_code, list(used.json())) == (202, ["secondFactor"])
    assert (await thief.http.get("/auth/me")).status_code == 401


async def test_a_new_password_or_address_ends_the_links_that_were_mailed_before(
    runtime: Runtime, drain: Drain, browsers: Any
) -> None:
    kim = await add_kim(runtime)
    browser, change = browsers(), {"current": PASSWORD, "new": NEW}
    for _ in range(2):
        await browser.post("/auth/reset", email=EMAIL)
        await drain()
    first, second = [token_in(text) for text in await mailed(runtime)]
    assert (await browser.post("/auth/link", token=first)).status_code == 200
    async with runtime.database.unit_of_work() as db:
        await service.change_password(db, await queries.lock_user(db, kim.id), **change, now=wall())
    assert (await browser.post("/auth/link/use", token=first, password=PASSWORD)).status_code == 409
    await browser.post("/auth/reset", email=EMAIL)
    await drain()
    third = token_in((await mailed(runtime))[0])
    assert third not in (first, second)
    async with runtime.database.unit_of_work() as db:
        given = service.UserInput("kim@new.example", "Kim", Role.DROPSHIPPER, partner_id=kim.partner_id)
        await service.update_user(db, await queries.lock_user(db, kim.id), given, now=wall())
    assert (await browser.post("/auth/link/use", token=third, password=PASSWORD)).status_code == 409


async def test_whoever_forgot_to_begin_begins_by_a_link_to_a_new_password(
    runtime: Runtime, drain: Drain, browsers: Any
) -> None:
    kim = await add_kim(runtime)
    async with runtime.database.unit_of_work() as db:
        await db.execute(sa.update(Partner).values(state=PartnerState.INVITED))
    browser = browsers()
    await browser.post("/auth/reset", email=EMAIL)
    await drain()
    used = await browser.post("/auth/link/use", token=token_in((await mailed(runtime))[0]), password=NEW)
    assert used.status_code == 200
    async with runtime.database.read_only() as db:
        assert (await db.get_one(Partner, kim.partner_id)).state is PartnerState.ONBOARDING


async def test_whoever_is_invited_again_is_described_as_at_first(runtime: Runtime, browsers: Any) -> None:
    await add_kim(runtime)
    browser = browsers()
    await browser.post("/auth/sign-in", email=EMAIL, password=PASSWORD)
    given = {"email": "jo@ds.example", "name": "Jo", "role": "DROPSHIPPER_STAFF", "language": "en"}
    first = (await browser.ask(INVITE, input=given))["colleague"]
    again = await browser.ask(INVITE, input=given | {"email": "JO@ds.example", "role": "DROPSHIPPER"})
    assert again["colleague"] == first | {"role": "DROPSHIPPER"}
    for wrong, path in (({"role": "ADMIN"}, "partnerId"), ({"name": " "}, "name")):
        refused = await browser.ask(INVITE, input=given | wrong)
        assert refused["path"] == ["input", path], refused


async def test_one_is_signed_out_everywhere_but_here(runtime: Runtime, browsers: Any) -> None:
    await add_kim(runtime)
    here, there = browsers(), browsers()
    for browser in (here, there):
        await browser.post("/auth/sign-in", email=EMAIL, password=PASSWORD)
    sessions = (await here.ask(f"{{ {ACCESS} }}"))["sessions"]
    assert sorted(each["current"] for each in sessions) == [False, True]
    out = f"mutation {{ endOtherSessions {{ ... on MyAccessPayload {{ {ACCESS} }} }} }}"
    left = (await here.ask(out))["myAccess"]["sessions"]
    assert [each["current"] for each in left] == [True]
    assert (await there.http.get("/auth/me")).status_code == 401
    end = "mutation ($id: UUID!) { endSession(id: $id) { ... on Error { code } } }"
    gone = next(each["id"] for each in sessions if not each["current"])
    assert (await here.ask(end, id=gone)) == {"code": "SESSION_NOT_FOUND"}
