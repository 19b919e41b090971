"""Ours is compared with each peer and with the floor, under the same setting only."""

import pytest

from benchmarks.cases import Role, Row
from benchmarks.ratios import ratios


def row(contender, role, value, *, setting="no delay", main="jobs_per_s"):
    return Row("signing", setting, contender, role, main, {}, ({main: value},))


def test_ours_is_compared_with_each_peer_and_with_the_floor():
    rows = [
        row("ours", Role.OURS, 300.0),
        row("slow", Role.PEER, 10.0),
        row("quick", Role.PEER, 100.0),
        row("alone", Role.FLOOR, 500.0),
    ]
    found = {(one.role, one.against): one.value for one in ratios(rows)}
    assert found == {
        (Role.PEER, "slow"): pytest.approx(30.0),
        (Role.PEER, "quick"): pytest.approx(3.0),
        (Role.FLOOR, "alone"): pytest.approx(0.6),
    }


def test_our_best_configuration_counts():
    rows = [row("few", Role.OURS, 50.0), row("many", Role.OURS, 200.0), row("quick", Role.PEER, 100.0)]
    assert [one.value for one in ratios(rows)] == [pytest.approx(2.0)]


def test_of_times_less_is_better():
    rows = [
        row("ours", Role.OURS, 20.0, main="p99_ms"),
        row("quick", Role.PEER, 40.0, main="p99_ms"),
    ]
    (found,) = ratios(rows)
    assert found.against == "quick"
    assert found.value == pytest.approx(2.0)


def test_settings_are_not_mixed():
    rows = [row("ours", Role.OURS, 1.0), row("quick", Role.PEER, 9.0, setting="20 ms")]
    assert ratios(rows) == []


def test_each_of_ours_is_compared_with_a_base():
    rows = [row("one", Role.BASE, 100.0), row("two", Role.OURS, 180.0), row("four", Role.OURS, 150.0)]
    found = {one.ours: one.value for one in ratios(rows)}
    assert found == {"two": pytest.approx(1.8), "four": pytest.approx(1.5)}
