"""Results become JSON, tables and drawings; the page keeps what people wrote around them."""

import json
from xml.etree import ElementTree

import pytest

from benchmarks.cases import Role, Row
from benchmarks.results import BEGIN, CAPACITY, END, Results, placed, write_capacity, write_page
from benchmarks.table import number

ROWS = (
    Row("signing", "no delay", "ours", Role.OURS, "jobs_per_s", {"prefetch": "200"}, ({"jobs_per_s": 300.0},)),
    Row("signing", "no delay", "by | hand", Role.PEER, "jobs_per_s", {"prefetch": "20"}, ({"jobs_per_s": 100.0},)),
)
RESULTS = Results("2026-01-02T03:04:05+00:00", "python -m benchmarks", {"cores": "2"}, ROWS)
PAGE = f"# Performance\n\nWords before.\n\n{BEGIN}\nold\n{END}\n\nWords after.\n"


def test_json_holds_each_run_the_medians_and_the_ratios():
    found = json.loads(RESULTS.as_json())
    assert found["machine"] == {"cores": "2"}
    assert found["rows"][0]["runs"] == [{"jobs_per_s": 300.0}]
    assert found["rows"][0]["medians"] == {"jobs_per_s": 300.0}
    assert found["ratios"][0]["value"] == pytest.approx(3.0)


def test_each_row_of_a_table_carries_its_conditions():
    text = RESULTS.as_markdown({})
    assert "| no delay | ours | 300 | 1 | 200 |" in text
    assert "| no delay | by \\| hand | 100 | 1 | 20 |" in text


def test_a_page_keeps_what_is_written_around_the_results(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(PAGE)
    (tmp_path / "assets").mkdir()
    write_page(RESULTS, page)
    text = page.read_text()
    assert text.startswith("# Performance\n\nWords before.\n")
    assert text.endswith("\n\nWords after.\n")
    assert "old" not in text
    assert "![signing](assets/bench-signing.svg)" in text
    drawn = ElementTree.parse(tmp_path / "assets" / "bench-signing.svg")
    widths = [float(bar.attrib["width"]) for bar in drawn.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert widths[0] == pytest.approx(3 * widths[1], rel=0.01)


def test_the_page_about_capacity_gets_ours_only(tmp_path):
    page = tmp_path / "capacity.md"
    page.write_text(f"# Capacity\n\n{CAPACITY[0]}\nold\n{CAPACITY[1]}\n\nWords after.\n")
    write_capacity(RESULTS, page)
    text = page.read_text()
    assert "| signing | no delay | ours | 300 jobs/s |" in text
    assert "by \\| hand" not in text
    assert "old" not in text
    assert text.endswith("\n\nWords after.\n")


def test_a_page_without_a_place_is_refused():
    with pytest.raises(ValueError, match="no place"):
        placed("# Performance\n", "measured")


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (0.01234, "0.0123"), (12.345, "12.3"), (1234.5, "1,234")])
def test_numbers_have_as_many_digits_as_say_something(value, text):
    assert number(value) == text
