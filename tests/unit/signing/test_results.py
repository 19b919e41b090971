"""Which signatures stand in an event, and which does it only refer to?"""

import pytest

from shared.signing.results import SMALL_BYTES, told_by_reference

LARGE = SMALL_BYTES + 1
MOST = 4 * LARGE


@pytest.mark.parametrize(
    ("sizes", "by_reference", "expected"),
    [
        ([], True, ()),
        ([SMALL_BYTES, LARGE, 0], True, (False, True, False)),
        ([SMALL_BYTES, LARGE, 0], False, (False, False, False)),
        ([LARGE] * 4, False, (False,) * 4),
        ([LARGE] * 4 + [1], False, (True,) * 5),
        ([SMALL_BYTES] * 5, True, (True,) * 5),
    ],
)
def test_what_is_large_is_referred_to_where_contents_came_so_and_all_where_it_is_too_much(
    sizes, by_reference, expected
):
    assert told_by_reference(sizes, by_reference=by_reference, inline_bytes=MOST) == expected
