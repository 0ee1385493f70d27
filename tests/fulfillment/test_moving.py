"""Moves that need each other are made together, others for their own gain, and nothing is taken twice."""

from random import Random
from uuid import UUID

from kontor.fulfillment.moving import Key, Move, choose


def move(number: int, gain: int, gives: str = "", takes: str = "", *, allowed: bool = True, least: int = 50) -> Move:
    def count(names: str) -> dict[Key, int]:
        return {name: names.count(name) for name in names}

    return Move(UUID(int=number), gain, least, allowed, count(gives), count(takes))


def chosen(moves: list[Move], free: dict[Key, int]) -> list[list[int]]:
    return sorted(sorted(each.order_id.int for each in group) for group in choose(moves, free))


def test_a_move_into_what_is_free_is_made_for_its_gain_alone() -> None:
    assert chosen([move(1, 51, "a", "b"), move(2, 50, "a", "c"), move(3, -9, "c", "b")], {"b": 5, "c": 5}) == [[1]]


def test_who_makes_room_moves_with_who_gains_by_it() -> None:
    moves = [move(1, -100, "a", "b"), move(2, 450, "c", "a")]
    assert chosen(moves, {"b": 1}) == [[1, 2]]
    assert chosen([moves[0], move(2, 200, "c", "a")], {"b": 1}) == []  # 100 in all, for two moves
    assert chosen(moves, {"a": 1, "b": 1}) == [[2]]  # there is room without the other


def test_what_may_not_move_makes_no_room() -> None:
    moves = [move(1, -100, "a", "b", allowed=False), move(2, 450, "c", "a"), move(3, 400, "b", "c")]
    assert chosen(moves, {"b": 1}) == []
    assert chosen(moves, {"b": 1, "c": 1}) == [[3]]


def test_of_two_that_want_the_same_the_one_that_gains_more_gets_it() -> None:
    assert chosen([move(1, 100, "x", "a"), move(2, 200, "y", "a")], {"a": 1}) == [[2]]


def test_a_place_that_keeps_more_back_than_it_has_gives_nothing() -> None:
    assert chosen([move(1, 100, "x", "a"), move(2, 300, "a", "y")], {"a": -3, "y": 1}) == [[2]]


def test_nothing_is_ever_taken_twice_whatever_the_moves() -> None:
    rng = Random(5)
    for _ in range(300):
        keys = "abcde"
        free: dict[Key, int] = {key: rng.randrange(-1, 3) for key in keys}
        moves = [
            move(n, rng.randrange(-200, 400), rng.choice(keys), rng.choice(keys), allowed=rng.random() > 0.2)
            for n in range(12)
        ]
        groups = choose(moves, free)
        made = [each for group in groups for each in group]
        assert all(each.allowed for each in made)
        assert all(sum(each.gain - each.least for each in group) > 0 for group in groups)
        for group in [made, *groups]:
            for key in {key for each in group for key in each.takes}:
                given = sum(each.gives.get(key, 0) - each.takes.get(key, 0) for each in group)
                assert free[key] + given >= 0
