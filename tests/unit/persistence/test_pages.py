"""How many pages of a content are read at once?"""

import pytest

from shared.persistence.pages import FEWEST_AT_ONCE, MOST_AT_ONCE, PAGE_BYTES, pages_at_once


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, FEWEST_AT_ONCE), (1_000_000, FEWEST_AT_ONCE), (10_000_000, 77), (50_000_000, MOST_AT_ONCE)],
)
def test_the_larger_a_content_the_more_of_its_pages_are_read_at_once_within_bounds(size, expected):
    assert pages_at_once(size) == expected


def test_pages_need_no_padding_in_base64():
    assert PAGE_BYTES % 3 == 0
