"""Does each entry of a list stay on a line of its own, however narrow the terminal?"""

import io

from rich.console import Console

from msign_gateway.commands.listing import show_lines

LONG = "01a22cdc-3674-7703-b28e-f5e86d54effb"


def shown(width, *rows):
    out = io.StringIO()
    show_lines(Console(file=out, width=width), ("JOB", "WHAT", "STATE"), rows)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_no_cell_is_broken_or_cut_off_where_the_terminal_is_too_narrow():
    heading, line = shown(40, (LONG, "the body is no JSON, and nobody knows what it is", "[red]rejected[/]"))
    assert heading.split() == ["JOB", "WHAT", "STATE"]
    assert line == f"{LONG}  the body is no JSON, and nobody knows what it is  rejected"


def test_further_lines_of_a_cell_stand_below_it():
    _, first, second = shown(40, (LONG, "https://one.example\nhttps://two.example", "open"))
    assert first == f"{LONG}  https://one.example  open"
    assert second.split() == ["https://two.example"]
