"""A peer's cost over ours is what is guarded, and only a fall by more than a third counts."""

import random
from dataclasses import replace
from itertools import chain, repeat

import pytest

from benchmarks.cases import Case, Role, Row
from benchmarks.guard import cost_ratios, fallen, measure_in_doubt, read, record


def row(contender, role, cost, **more):
    measures = {"jobs_per_s": 1.0, "service_cpu_ms_per_job": cost, **more}
    return Row("signing", "no delay", contender, role, "jobs_per_s", {}, (measures,))


def own(ratios):
    return {name: ratio for name, ratio in ratios.items() if not name.endswith("; with servers")}


def test_a_ratio_is_anothers_cost_over_our_cheapest():
    rows = [row("ours, 8", Role.OURS, 4.0), row("ours", Role.OURS, 2.0), row("by hand", Role.PEER, 6.0)]
    assert own(cost_ratios([*rows, row("alone", Role.FLOOR, 1.0)])) == {
        "signing; no delay; by hand": pytest.approx(3.0),
        "signing; no delay; alone": pytest.approx(0.5),
    }


def test_what_the_servers_do_for_it_counts_as_well_and_what_the_tools_do_never():
    tools = {"all_cpu_ms_per_job": 90.0, "stub_cpu_ms_per_job": 40.0, "load_cpu_ms_per_job": 40.0}
    ours = row("ours", Role.OURS, 1.0, postgres_cpu_ms_per_job=2.0, rabbitmq_cpu_ms_per_job=1.0, **tools)
    peer = row("by hand", Role.PEER, 6.0, postgres_cpu_ms_per_job=1.0, rabbitmq_cpu_ms_per_job=1.0, **tools)
    assert cost_ratios([ours, peer]) == {
        "signing; no delay; by hand": pytest.approx(6.0),
        "signing; no delay; by hand; with servers": pytest.approx(2.0),
    }


def test_each_of_ours_is_compared_with_a_base():
    rows = [row("empty", Role.BASE, 2.0), row("full", Role.OURS, 4.0), row("fuller", Role.OURS, 2.0)]
    assert own(cost_ratios(rows)) == {"signing; no delay; full": 0.5, "signing; no delay; fuller": 1.0}


def test_without_ours_or_a_cost_there_is_no_ratio():
    bare = Row("signing", "no delay", "ours", Role.OURS, "jobs_per_s", {}, ({"jobs_per_s": 1.0},))
    assert cost_ratios([row("by hand", Role.PEER, 6.0)]) == {}
    assert cost_ratios([bare, row("by hand", Role.PEER, 6.0)]) == {}


def test_only_what_fell_by_more_than_a_third_is_told():
    expected = {"a": 3.0, "signing; no delay; by hand": 3.0, "c": 3.0}
    (fall,) = fallen({"a": 2.1, "signing; no delay; by hand": 1.9, "d": 0.1}, expected)
    assert str(fall) == (
        "signing; no delay; by hand: costs 1.90 times what ours does; 3.00 was expected, and at least 2.00 is wanted"
    )
    assert fall.where == ("signing", "no delay")


def test_what_is_recorded_is_read_again_and_the_rest_is_kept(tmp_path):
    path = tmp_path / "expected.json"
    record({"a": 3.001, "b": 1.0}, {"at": "then"}, path)
    record({"b": 2.0}, {"at": "now"}, path)
    assert read(path) == {"a": 3.0, "b": 2.0}


def case(setting, contender, role, costs):
    found = iter(costs)

    async def run():
        return {"jobs_per_s": 1.0, "service_cpu_ms_per_job": next(found)}

    return Case("signing", setting, contender, role, "jobs_per_s", run)


async def guarded(*ours):
    """Measure ours at those costs (the last one for good) beside a peer whose jobs cost 6 and should cost 3 times."""
    told: list[str] = []
    again: list[str] = []

    def calm():
        again.append("calm")
        return 1.0

    cases = [
        case("no delay", "ours", Role.OURS, chain(ours, repeat(ours[-1]))),
        case("no delay", "by hand", Role.PEER, repeat(6.0)),
        case("calm", "ours", Role.OURS, iter(calm, 0.0)),
    ]
    expected = {"signing; no delay; by hand": 3.0}
    rows = await measure_in_doubt(cases, 1, random.Random(1), told.append, expected)
    assert len(again) == 1  # what did not fall is not measured again
    return fallen(cost_ratios(rows), expected), [line for line in told if "twice more" in line]


async def test_a_service_that_became_slower_fails_and_is_named_with_what_was_expected():
    (fall,), told = await guarded(6.0)
    assert str(fall).startswith("signing; no delay; by hand: costs 1.00 times what ours does; 3.00 was expected")
    assert len(told) == 1


@pytest.mark.parametrize("ours", [(6.0, 2.0), (6.0, 5.0, 2.0), (6.0, 2.0, 7.0)])
async def test_a_fall_that_is_not_always_there_is_none(ours):
    found, told = await guarded(*ours)
    assert found == []
    assert len(told) == 1


def test_each_is_judged_by_its_cheapest_run():
    ours = replace(
        row("ours", Role.OURS, 9.0), runs=tuple(row("", Role.OURS, cost).runs[0] for cost in (9.0, 2.0, 8.0))
    )
    peer = replace(row("by hand", Role.PEER, 6.0), runs=tuple(row("", Role.PEER, cost).runs[0] for cost in (7.0, 6.0)))
    assert own(cost_ratios([ours, peer])) == {"signing; no delay; by hand": pytest.approx(3.0)}


async def broken():
    raise RuntimeError("no broker")


async def test_what_failed_is_tried_again_and_a_second_failure_is_one():
    tried = iter([broken, case("no delay", "ours", Role.OURS, [2.0]).run])

    async def once_broken():
        return await next(tried)()

    def of(run):
        return [Case("signing", "no delay", "ours", Role.OURS, "jobs_per_s", run)]

    (found,) = await measure_in_doubt(of(once_broken), 1, random.Random(1), print, {})
    assert len(found.runs) == 1
    with pytest.raises(RuntimeError, match="failed again and again: no delay, ours"):
        await measure_in_doubt(of(broken), 1, random.Random(1), print, {})


async def test_what_is_as_fast_as_before_is_measured_once():
    assert await guarded(2.0) == ([], [])
