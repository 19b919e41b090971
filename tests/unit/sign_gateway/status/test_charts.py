"""What is drawn where, and that everything drawn can be read as numbers, too."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from services.sign_gateway.status import charts
from services.sign_gateway.status.charts import BOTTOM, LEFT, RIGHT, TOP, WIDTH
from services.sign_gateway.status.tally import OUTCOMES, Funnel

STEP = timedelta(minutes=5)
STEPS = tuple(datetime(2026, 11, 24, 12, tzinfo=UTC) + STEP * n for n in range(12))
NOTHING = (0,) * 12


def bars(**values):
    return charts.stacked("x", "Jobs", STEPS, STEP, values)


def test_bars_stand_on_each_other_within_the_axes():
    chart = bars(completed=(3, *NOTHING[1:]), failed=(1, *NOTHING[1:]))
    completed, failed = chart.boxes
    assert completed.y + completed.height == pytest.approx(BOTTOM)
    assert failed.y + failed.height == pytest.approx(completed.y)
    assert failed.y == pytest.approx(TOP)
    assert (completed.name, failed.name) == ("completed", "failed")
    assert completed.height == pytest.approx(3 * failed.height)


def test_bars_of_different_steps_do_not_overlap():
    boxes = bars(completed=tuple(range(1, 13))).boxes
    assert boxes[0].x >= LEFT
    assert boxes[-1].x + boxes[-1].width <= RIGHT
    assert all(before.x + before.width < after.x for before, after in pairwise(boxes))


def test_what_never_happened_is_not_in_the_legend_but_in_the_table():
    chart = bars(completed=(2, *NOTHING[1:]), failed=NOTHING)
    assert chart.names == ("completed",)
    assert chart.head == ("From", "Completed", "Failed")
    assert chart.rows == (("12:00", "2", "0"),)


def test_a_chart_of_nothing_says_so():
    chart = bars(completed=NOTHING)
    assert (chart.boxes, chart.rows) == ((), ())
    assert chart.description.startswith("0 in all")


def test_a_line_has_a_gap_where_there_is_no_value():
    chart = charts.lines("x", "Took", STEPS, STEP, {"median": (1.0, 2.0, None, 3.0, *(None,) * 8)})
    (line,) = chart.lines
    assert line.path.count("M") == 2
    assert line.path.count("L") == 1
    assert len(line.points) == 3
    assert [row[1] for row in chart.rows] == ["1 s", "2 s", "3 s"]


def test_nothing_but_gaps_is_an_empty_path():
    assert charts.path([None, None]) == ""


def test_times_are_told_with_the_day_where_there_are_several():
    assert charts.stacked("x", "", STEPS, STEP, {"a": NOTHING}).times[0].text == "12:00"
    week = tuple(STEPS[0] + timedelta(hours=3) * n for n in range(56))
    chart = charts.stacked("x", "", week, timedelta(hours=3), {"a": (1,) * 56})
    assert [label.text for label in chart.times] == [f"{day} Nov" for day in range(25, 31)] + ["01 Dec"]
    assert chart.rows[0][0] == "24 Nov 12:00"


def test_the_funnel_narrows_and_its_outcomes_fill_the_width_of_what_came_in():
    ended = {"completed": 5, "failed": 1, "expired": 0, "rejected": 2, "open": 2}
    stages = charts.stages(Funnel(10, 8, 6, ended), browser=True)
    assert [stage.title for stage in stages] == [
        "Received",
        "Posted to MSign",
        "Signer came back",
        "Ended; the rest is open",
    ]
    assert [stage.share for stage in stages] == ["100 %", "80 %", "60 %", "80 %"]
    assert stages[1].boxes[0].width == pytest.approx(0.8 * WIDTH)
    outcomes = stages[-1].boxes
    assert [box.name for box in outcomes] == ["completed", "failed", "rejected", "open"]
    assert sum(box.width for box in outcomes) == pytest.approx(WIDTH)


def test_a_funnel_without_jobs_has_no_bars():
    stages = charts.stages(Funnel(0, 0, 0, dict.fromkeys(OUTCOMES, 0)), browser=False)
    assert [stage.title for stage in stages] == ["Received", "Ended; the rest is open"]
    assert [(stage.share, stage.boxes) for stage in stages] == [("–", ()), ("–", ())]
