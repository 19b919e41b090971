"""A bar is judged by the worst of the settings that it is about."""

import pytest

from benchmarks.bars import bars
from benchmarks.cases import Role, Row


def row(bench, setting, contender, role, main, **measures):
    return Row(bench, setting, contender, role, main, {}, (measures,))


def test_the_best_peer_in_the_worst_setting_counts():
    rows = [
        row("signing", "0 ms", "ours", Role.OURS, "jobs_per_s", jobs_per_s=40.0),
        row("signing", "0 ms", "slow", Role.PEER, "jobs_per_s", jobs_per_s=1.0),
        row("signing", "0 ms", "quick", Role.PEER, "jobs_per_s", jobs_per_s=10.0),
        row("signing", "20 ms", "ours", Role.OURS, "jobs_per_s", jobs_per_s=20.0),
        row("signing", "20 ms", "quick", Role.PEER, "jobs_per_s", jobs_per_s=10.0),
    ]
    (bar,) = bars(rows)
    assert bar.measured == pytest.approx(2.0)
    assert (bar.where, bar.reached) == ("20 ms", False)


def test_memory_is_judged_apart_for_inline_documents_and_by_the_hungriest_process():
    def documents(setting, **measures):
        return row("documents", setting, "ours", Role.OURS, "mb_per_s", mb_per_s=1.0, **measures)

    rows = [
        documents("10 MB by reference", sign_gateway_peak_in_documents=0.1, callback_web_peak_in_documents=0.7),
        documents("1 MB inline", sign_gateway_peak_in_documents=3.0),
    ]
    by_reference, inline = bars(rows)
    assert (by_reference.measured, by_reference.reached) == (0.7, False)
    assert "callback web" in by_reference.where
    assert (inline.measured, inline.reached) == (3.0, True)


def test_replicas_are_compared_with_one():
    rows = [
        row("replicas", "", "1 replica", Role.BASE, "jobs_per_s", jobs_per_s=100.0),
        row("replicas", "", "2 replicas", Role.OURS, "jobs_per_s", jobs_per_s=180.0),
        row("replicas", "", "4 replicas", Role.OURS, "jobs_per_s", jobs_per_s=120.0),
    ]
    (bar,) = bars(rows)
    assert bar.measured == pytest.approx(1.8)
    assert bar.reached
