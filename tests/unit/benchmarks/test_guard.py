"""A peer's cost over ours is what is guarded, and only a fall by more than a third counts."""

import pytest

from benchmarks.cases import Role, Row
from benchmarks.guard import cost_ratios, fallen, read, record


def row(contender, role, cost):
    measures = {"jobs_per_s": 1.0, "service_cpu_ms_per_job": cost}
    return Row("signing", "no delay", contender, role, "jobs_per_s", {}, (measures,))


def test_a_ratio_is_a_peers_cost_over_our_cheapest():
    rows = [row("ours, 8", Role.OURS, 4.0), row("ours", Role.OURS, 2.0), row("by hand", Role.PEER, 6.0)]
    assert cost_ratios([*rows, row("alone", Role.FLOOR, 1.0)]) == {"signing; no delay; by hand": pytest.approx(3.0)}


def test_without_ours_or_a_cost_there_is_no_ratio():
    bare = Row("signing", "no delay", "ours", Role.OURS, "jobs_per_s", {}, ({"jobs_per_s": 1.0},))
    assert cost_ratios([row("by hand", Role.PEER, 6.0)]) == {}
    assert cost_ratios([bare, row("by hand", Role.PEER, 6.0)]) == {}


def test_only_what_fell_by_more_than_a_third_is_told():
    expected = {"a": 3.0, "b": 3.0, "c": 3.0}
    assert fallen({"a": 2.1, "b": 1.9, "d": 0.1}, expected) == ["b: 1.90, was 3.00"]


def test_what_is_recorded_is_read_again_and_the_rest_is_kept(tmp_path):
    path = tmp_path / "expected.json"
    record({"a": 3.001, "b": 1.0}, {"at": "then"}, path)
    record({"b": 2.0}, {"at": "now"}, path)
    assert read(path) == {"a": 3.0, "b": 2.0}
