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
    (bar,) = bars(rows, 2)
    assert bar.measured == pytest.approx(2.0)
    assert (bar.where, bar.reached) == ("20 ms", False)


def test_memory_is_judged_apart_for_inline_documents_and_by_the_hungriest_process():
    def documents(setting, **measures):
        return row("documents", setting, "ours", Role.OURS, "mb_per_s", mb_per_s=1.0, **measures)

    rows = [
        documents("10 MB by reference", sign_gateway_peak_in_documents=0.1, callback_web_peak_in_documents=0.7),
        documents("1 MB inline", sign_gateway_peak_in_documents=3.0),
    ]
    by_reference, inline = bars(rows, 2)
    assert (by_reference.measured, by_reference.reached) == (0.7, False)
    assert "callback web" in by_reference.where
    assert (inline.measured, inline.reached) == (3.0, True)


def replicas(setting, two, busy):
    return [
        row("replicas", setting, "1 replica", Role.BASE, "jobs_per_s", jobs_per_s=100.0, cores_busy=0.5),
        row("replicas", setting, "2 replicas", Role.OURS, "jobs_per_s", jobs_per_s=two, cores_busy=busy),
        row("replicas", setting, "4 replicas", Role.OURS, "jobs_per_s", jobs_per_s=120.0, cores_busy=2.0),
    ]


def test_two_replicas_are_compared_with_one_where_cores_are_not_full():
    (bar,) = bars([*replicas("20 ms", 97.0, 1.99), *replicas("200 ms", 180.0, 1.2)], 2)
    assert bar.measured == pytest.approx(1.8)
    assert bar.reached
    assert bar.where == "200 ms; cores busy: 1.20 of 2; not judged: 0.97, 20 ms; cores are full: 1.99 of 2"


def test_where_all_cores_are_full_the_bar_says_so():
    (bar,) = bars(replicas("20 ms", 97.0, 1.99), 2)
    assert bar.measured == pytest.approx(0.97)
    assert bar.where == "20 ms; cores are full: 1.99 of 2"


def test_documents_are_judged_by_the_peer_that_checks_as_well():
    def carried(setting, contender, role, rate):
        return row("documents", setting, contender, role, "mb_per_s", mb_per_s=rate)

    rows = [
        carried("1 MB by reference", "ours", Role.OURS, 30.0),
        carried("1 MB by reference", "by hand, pyHanko", Role.PEER, 10.0),
        carried("1 MB by reference", "by hand", Role.PEER, 20.0),
        carried("1 MB inline", "ours", Role.OURS, 10.0),
        carried("1 MB inline", "by hand, pyHanko", Role.PEER, 10.0),
    ]
    (bar,) = bars(rows, 2)
    assert bar.measured == pytest.approx(3.0)
    assert bar.reached
    assert bar.where == "1 MB by reference (1.50 times the one that checks nothing)"


def test_the_longest_history_is_judged():
    def history(contender, role, rate):
        return row("history", "20 ms", contender, role, "jobs_per_s", jobs_per_s=rate)

    rows = [
        history("an empty database", Role.BASE, 100.0),
        history("10,000 finished jobs", Role.OURS, 80.0),
        history("2,000,000 finished jobs", Role.OURS, 95.0),
    ]
    (bar,) = bars(rows, 2)
    assert bar.measured == pytest.approx(0.95)
    assert bar.where == "2,000,000 finished jobs"
