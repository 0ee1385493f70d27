"""The bench of routing: its problems are the same every time, and the solver finds the same costs."""

from __future__ import annotations

from kontor.bench.routing import Size, measure, time_plans
from kontor.bench.routing_orders import POLICY, problems
from kontor.routing.integer import solve
from kontor.routing.planner import plan


def test_problems_of_a_size_are_the_same_every_time() -> None:
    one, other = (problems(lines=3, places=20, orders=5) for _ in range(2))
    assert one.demands == other.demands
    assert one.supply.stock == other.supply.stock
    assert [len(each.lines) for each in one.demands] == [3] * 5
    assert len(one.supply.network.sites) == 20


def test_the_program_of_the_solver_has_the_cost_of_the_plan() -> None:
    given = problems(lines=3, places=20, orders=25)
    plans = time_plans(given).plans
    assert [solve(each, given.supply, POLICY, seconds=20) for each in given.demands] == [
        each.cost_cents for each in plans
    ]
    assert {each.max_parcels is None for each in given.demands} == {True, False}
    assert any(each.ship_complete for each in given.demands)


def test_figures_of_a_small_run_say_speed_proof_and_ratio() -> None:
    section = measure(orders=4, sizes=[Size(2, 15, 100, 2, 5)])
    speed, proof, solver = section.figures
    assert (section.name, speed.name) == ("routing", "2 lines × 15 places, CPU p50 / p99")
    assert (speed.goal, speed.note) == ("p99 < 5 ms", "4 orders")
    assert proof.value == "100.0 %"
    assert solver.note.endswith(" times as long; equal cost for 2 of 2 orders")
    assert solver.ratio is not None
    assert 0 < solver.ratio < 1


def test_plans_of_the_bench_are_proven() -> None:
    given = problems(lines=5, places=30, orders=20)
    assert [plan(each, given.supply, POLICY).gap_cents for each in given.demands] == [0] * 20
