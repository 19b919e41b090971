"""Every case runs once a round, and medians are medians."""

import random
from collections import Counter

from benchmarks.cases import Case, Role, Row, measure, schedule


async def nothing():
    return {"jobs_per_s": 0.0}


def case(name, run=nothing):
    return Case("signing", "no delay", name, Role.OURS, "jobs_per_s", run)


def test_every_case_runs_once_in_each_round():
    cases = [case(name) for name in "abc"]
    order = [one.contender for one in schedule(cases, 5, random.Random(1))]
    assert [Counter(order[at : at + 3]) for at in range(0, 15, 3)] == [Counter("abc")] * 5


def test_rounds_have_orders_of_their_own():
    cases = [case(name) for name in "abcdef"]
    order = [one.contender for one in schedule(cases, 5, random.Random(1))]
    assert len({tuple(order[at : at + 6]) for at in range(0, 30, 6)}) > 1


async def test_rows_keep_each_run_and_come_in_the_order_of_the_cases():
    told: list[str] = []
    values = {"a": iter([1.0, 9.0, 2.0]), "b": iter([5.0, 4.0, 6.0])}

    def runs(name):
        async def run():
            return {"jobs_per_s": next(values[name])}

        return run

    rows = await measure([case(name, runs(name)) for name in "ab"], 3, random.Random(7), told.append)
    assert [row.contender for row in rows] == ["a", "b"]
    assert [run["jobs_per_s"] for run in rows[0].runs] == [1.0, 9.0, 2.0]
    assert rows[0].medians == {"jobs_per_s": 2.0}
    assert len(told) == 6


def test_a_median_is_of_the_runs_that_have_the_measure():
    row = Row(
        "signing", "", "a", Role.OURS, "jobs_per_s", {}, ({"jobs_per_s": 1.0}, {"jobs_per_s": 3.0, "p99_ms": 7.0})
    )
    assert row.medians == {"jobs_per_s": 2.0, "p99_ms": 7.0}


async def test_a_run_that_fails_is_told_of_and_takes_no_other_with_it():
    told: list[str] = []
    outcomes = iter([RuntimeError("no broker"), None])

    async def sometimes():
        if (error := next(outcomes)) is not None:
            raise ExceptionGroup("tasks", [error])
        return {"jobs_per_s": 4.0}

    async def never():
        raise RuntimeError("no database")

    rows = await measure([case("a", sometimes), case("b", never)], 2, random.Random(1), told.append)
    assert [(row.contender, len(row.runs)) for row in rows] == [("a", 1)]
    assert sum("FAILED, RuntimeError: no broker" in line for line in told) == 1
    assert sum("FAILED, RuntimeError: no database" in line for line in told) == 2


async def test_no_round_begins_that_would_not_be_over_in_time():
    told: list[str] = []
    rows = await measure([case("a"), case("b")], 5, random.Random(1), told.append, until=0.0)
    assert [len(row.runs) for row in rows] == [1, 1]
    assert told[-1] == "time is up for more than 1 round of 5"
