"""What a customer may do alone: the rule for each stage of the goods."""

from __future__ import annotations

from datetime import date

import pytest

from kontor.selfservice.errors import InvalidPolicy, NotOffered, TooLateAlone
from kontor.selfservice.policy import DEFAULT, Act, Policy, Stage, Until, check, check_return, checked, furthest, may

ALLOWED = {
    Until.NEVER: (),
    Until.RELEASED: (Stage.WAITING,),
    Until.BEGUN: (Stage.WAITING, Stage.RELEASED),
    Until.SHIPPED: (Stage.WAITING, Stage.RELEASED, Stage.BEGUN),
}


@pytest.mark.parametrize("until", Until)
def test_each_limit_allows_its_stages_and_no_other(until: Until) -> None:
    policy = Policy(cancel=until)
    assert tuple(stage for stage in Stage if may(policy, Act.CANCEL, stage)) == ALLOWED[until]
    for stage in Stage:
        if stage in ALLOWED[until]:
            check(policy, Act.CANCEL, stage)
            continue
        with pytest.raises(NotOffered if until is Until.NEVER else TooLateAlone):
            check(policy, Act.CANCEL, stage)


def test_days_to_return_count_from_the_day_the_goods_came() -> None:
    policy = Policy(return_days=14)
    check_return(policy, date(2026, 6, 1), date(2026, 6, 15))
    with pytest.raises(TooLateAlone) as refused:
        check_return(policy, date(2026, 6, 1), date(2026, 6, 16))
    assert (refused.value.code, refused.value.params["days"]) == ("SELF_SERVICE_RETURN_TOO_LATE", 14)
    check_return(DEFAULT, date(2020, 1, 1), date(2026, 6, 16))  # the channel's own time counts elsewhere
    with pytest.raises(NotOffered):
        check_return(Policy(returns=False), date(2026, 6, 1), date(2026, 6, 2))


def test_rules_survive_being_kept_and_unknown_ones_are_the_defaults() -> None:
    policy = Policy(cancel=Until.NEVER, swap=Until.SHIPPED, return_days=10, returns=False)
    assert Policy.from_json(policy.as_json()) == policy
    assert Policy.from_json({"cancel": "NEVER", "gone": 1}) == Policy(cancel=Until.NEVER)


def test_days_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        checked(Policy(return_days=731))
    assert refused.value.path == ("returnDays",)


def test_the_furthest_part_decides_for_the_whole() -> None:
    assert furthest([]) is Stage.WAITING
    assert furthest([Stage.RELEASED, Stage.SHIPPED, Stage.WAITING]) is Stage.SHIPPED
