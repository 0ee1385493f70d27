"""Policies are checked when saved, drafts until they are in force, and unchanged from then on."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.locations import make_location, make_tariff
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.core.pagination import PageRequest
from kontor.routing import masters, queries
from kontor.routing.models import RoutingPolicy
from kontor.routing.presets import Preset
from kontor.routing.saving import save_policy, withdraw_policy
from kontor.routing.service import DEFAULT_POLICY, load_supply
from kontor.routing.values import Demand, DemandLine
from support import StandingClock


async def save(database: Database, **data: Any) -> RoutingPolicy:
    async with database.unit_of_work() as db:
        return await save_policy(db, data)  # type: ignore[arg-type]


async def refused(database: Database, **data: Any) -> KontorError:
    with pytest.raises(KontorError) as caught:
        await save(database, **data)
    async with database.read_only() as db:
        page = await queries.list_policies(db, queries.PolicyFilter(), PageRequest())
    assert len(page.items) == 0
    return caught.value


async def in_force(database: Database, channel_id: UUID, country: str = "DE") -> str:
    async with database.unit_of_work() as db:
        variant = await make_variant(db)
    async with database.read_only() as db:
        book = await load_supply(db, await masters.load(db), [variant.id])
    demand = Demand((DemandLine("l", "v", 1),), "web", country, 3)
    return book.policy(channel_id, demand).version


async def test_version_is_a_draft_until_its_moment(database: Database, clock: StandingClock) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db)
    first = await save(
        database, code="shops", weights={"split_cents": 90}, valid_from=clock.moment + timedelta(hours=1)
    )
    assert (first.version, first.weights["split_cents"], first.weights["shortage_cents"]) == (1, 90, 100_000)
    assert await in_force(database, channel.id) == DEFAULT_POLICY.version
    changed = await save(database, code="shops", version=1, weights={"split_cents": 70})
    assert (changed.id, changed.weights["split_cents"], changed.valid_from) == (first.id, 70, first.valid_from)
    clock.advance(hours=2)
    assert await in_force(database, channel.id) == "shops/1"
    with pytest.raises(KontorError) as caught:
        await save(database, code="shops", version=1, weights={"split_cents": 1})
    assert caught.value.code == "ROUTING_POLICY_IN_FORCE"
    async with database.unit_of_work() as db:
        with pytest.raises(KontorError) as caught:
            await withdraw_policy(db, first.id)
    assert caught.value.code == "ROUTING_POLICY_IN_FORCE"


async def test_new_version_goes_on_from_the_last_and_may_end_it(database: Database, clock: StandingClock) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db)
    await save(database, code="chain", channel=channel.code, preset=Preset.RULE_CHAIN, valid_from=clock.moment)
    second = await save(
        database, code="chain", countries=["at", "DE"], weights={"split_cents": 5}, valid_from=clock.moment
    )
    assert (second.version, second.channel_id, second.countries) == (2, channel.id, ["AT", "DE"])
    assert [rule["name"] for rule in second.rules][1:3] == ["stores keep their last units", "stores after warehouses"]
    assert [await in_force(database, channel.id, "AT"), await in_force(database, channel.id, "FR")] == [
        "chain/2", DEFAULT_POLICY.version,
    ]  # fmt: skip
    assert await in_force(database, new_id(), "DE") == DEFAULT_POLICY.version
    await save(database, code="chain", active=False, valid_from=clock.moment)
    assert await in_force(database, channel.id, "AT") == DEFAULT_POLICY.version


async def test_a_draft_that_ends_its_code_still_does_after_a_change(database: Database, clock: StandingClock) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db)
    await save(database, code="chain", valid_from=clock.moment)
    await save(database, code="chain", active=False, valid_from=clock.moment + timedelta(hours=1))
    changed = await save(database, code="chain", version=2, name="The end")
    clock.advance(hours=2)
    assert (changed.active, await in_force(database, channel.id)) == (False, DEFAULT_POLICY.version)


async def test_withdrawn_draft_is_never_in_force(database: Database, clock: StandingClock) -> None:
    draft = await save(database, code="later", preset=Preset.PRIORITY, valid_from=clock.moment + timedelta(hours=1))
    async with database.unit_of_work() as db:
        row = await withdraw_policy(db, draft.id)
    assert (row.withdrawn_at, row.withdrawn_by) == (clock.moment, "system:Kontor")
    clock.advance(days=1)
    assert await in_force(database, new_id()) == DEFAULT_POLICY.version
    async with database.unit_of_work() as db:
        with pytest.raises(KontorError) as caught:
            await withdraw_policy(db, draft.id)
    assert caught.value.code == "ROUTING_POLICY_WITHDRAWN"


def rule(**given: Any) -> list[dict[str, Any]]:
    return [{"name": "fine", "kind": "KEEP_OUT"}, {"name": "r", "kind": "WEIGH", "amount": 10, **given}]


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        ({"rules": rule(when="place.kind ==")}, "INVALID_EXPRESSION", ("rules", 1, "when")),
        ({"rules": rule(when="place.kindd == 'STORE'")}, "UNKNOWN_FACT", ("rules", 1, "when")),
        ({"rules": rule(when="size(place) > 1")}, "UNKNOWN_FACT", ("rules", 1, "when")),
        ({"rules": rule(when="customer.vip")}, "EXPRESSION_FAILED", ("rules", 1, "when")),
        ({"rules": rule(when="place.tags[0] == 'x'")}, "EXPRESSION_FAILED", ("rules", 1, "when")),
        ({"rules": rule(when="place.priority + 1")}, "EXPRESSION_NOT_BOOLEAN", ("rules", 1, "when")),
        ({"rules": rule(when="place.stock > 2")}, "RULE_NOT_BY_GOODS", ("rules", 1, "when")),
        ({"rules": rule(times="goods.wanted")}, "RULE_NOT_BY_GOODS", ("rules", 1, "times")),
        ({"rules": rule(times="place.code")}, "INVALID_ROUTING_POLICY", ("rules", 1, "times")),
        ({"rules": rule(amount=0)}, "INVALID_ROUTING_POLICY", ("rules", 1, "amount")),
        ({"rules": rule(amount=-101, per="PERCENT")}, "INVALID_ROUTING_POLICY", ("rules", 1, "amount")),
        ({"rules": rule(kind="PREFER", per="UNIT")}, "INVALID_ROUTING_POLICY", ("rules", 1, "per")),
        ({"rules": rule(kind="FALL_BACK", amount=100_000)}, "FALL_BACK_TOO_DEAR", ("rules", 1, "amount")),
        ({"rules": rule(name="fine")}, "INVALID_ROUTING_POLICY", ("rules", 1, "name")),
        ({"rules": rule(name=" ")}, "INVALID_ROUTING_POLICY", ("rules", 1, "name")),
        ({"rules": rule() * 26}, "INVALID_ROUTING_POLICY", ("rules",)),
        ({"weights": {"split_cents": -1}}, "INVALID_ROUTING_POLICY", ("weights", "splitCents")),
        ({"weights": {"priority_factors": []}}, "INVALID_ROUTING_POLICY", ("weights", "priorityFactors")),
        ({"kinds": ["EXPRESS"]}, "INVALID_ROUTING_POLICY", ("kinds",)),
        ({"countries": ["DE", "Austria"]}, "INVALID_FIELD", ("countries", 1)),
        ({"channel": "nowhere"}, "UNKNOWN_REFERENCE", ("channel",)),
        ({"version": 3}, "ROUTING_POLICY_NOT_FOUND", ("version",)),
    ],
)  # fmt: skip
async def test_refusal_names_the_field(
    database: Database, data: dict[str, Any], code: str, path: tuple[Any, ...]
) -> None:
    problem = await refused(database, code="draft", **data)
    assert (problem.code, problem.path) == (code, path)


async def test_places_show_their_facts_to_rules(database: Database) -> None:
    async with database.unit_of_work() as db:
        place = await make_location(db, kind="STORE", settings={"tags": ["outlet", 3]})
        await make_tariff(db)
    async with database.read_only() as db:
        site = (await masters.load(db)).network.sites[place.id]
    assert site.facts == {
        "code": place.code, "kind": "STORE", "country": "DE", "partner": "", "tags": ("outlet",), "returns": True,
        "located": True,
    }  # fmt: skip
