"""How do results look? As bars: one for each contender, in groups for each setting, drawn as SVG."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.cases import Role, Row
from benchmarks.table import number

WIDTH = 900
NAMES = 330
BAR = 18
GAP = 6
COLOURS = {Role.OURS: "#2e7d32", Role.PEER: "#5c6bc0", Role.FLOOR: "#9e9e9e", Role.BASE: "#81c784"}


def bars(rows: Sequence[Row], title: str) -> str:
    """Return a drawing of the rows' main measure; every setting has a scale of its own."""
    parts: list[str] = []
    y = 30
    for setting in dict.fromkeys(row.setting for row in rows):
        group = [row for row in rows if row.setting == setting]
        longest = max(row.medians[row.main] for row in group) or 1.0
        parts.append(_text(8, y + 14, setting, weight="bold"))
        y += 24
        for row in group:
            parts += _bar(row, y, longest)
            y += BAR + GAP
        y += GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>'
    )
    return head + _text(8, 18, title, weight="bold") + "".join(parts) + "</svg>\n"


def _bar(row: Row, y: int, longest: float) -> list[str]:
    value = row.medians[row.main]
    width = max(1.0, value / longest * (WIDTH - NAMES - 90))
    return [
        _text(20, y + 13, row.contender),
        f'<rect x="{NAMES}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{COLOURS[row.role]}"/>',
        _text(NAMES + width + 6, y + 13, number(value)),
    ]


def _text(x: float, y: int, words: str, weight: str = "normal") -> str:
    return f'<text x="{x:.0f}" y="{y}" fill="#212121" font-weight="{weight}">{escape(words)}</text>'
