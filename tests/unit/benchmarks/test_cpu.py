"""Processor time is read from /proc, with that of everything below a process."""

import os
import time

import pytest

from benchmarks.cpu import Meter, Process, below, busy_s, named_below, processes, read_stat, tree_ms

FAMILY = [
    Process(1, 0, "init", 1000.0),
    Process(10, 1, "postgres", 5.0),
    Process(11, 10, "postgres", 7.0),
    Process(12, 11, "sleep", 1.0),
    Process(20, 1, "beam.smp", 50.0),
]


def test_a_name_may_hold_spaces_and_brackets():
    line = "42 (a b) (c) S 7 42 42 0 -1 4194304 1 2 3 4 100 50 25 25 20 0 1 0 123 456 789"
    tick_ms = 1000 / os.sysconf("SC_CLK_TCK")
    assert read_stat(line) == Process(42, 7, "a b) (c", 200 * tick_ms)


def test_a_tree_has_everything_below_it_and_nothing_else():
    assert tree_ms(10, FAMILY) == pytest.approx(13.0)
    assert tree_ms(99, FAMILY) == 0


def test_what_children_started_is_below_too():
    assert sorted(below(1, FAMILY)) == [10, 11, 12, 20]


def test_all_processors_have_worked_at_least_as_long_as_this_process():
    assert busy_s() > time.process_time()


def test_servers_are_found_among_the_children():
    assert named_below(1, {"postgres": "database", "beam.smp": "broker"}, FAMILY) == {"database": 10, "broker": 20}


def test_we_are_among_the_processes():
    assert os.getpid() in {one.pid for one in processes()}


def test_a_meter_counts_what_comes_after_it():
    meter = Meter({"tests": os.getpid()}, own="load")
    begun = time.process_time()
    while time.process_time() - begun < 0.05:
        pass
    taken = meter.taken_ms()
    assert taken["tests"] >= 30
    assert taken["load"] >= 30
