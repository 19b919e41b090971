"""Is it known before decoding how much a command brings inline?"""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.commands import inline_bytes


@given(st.lists(st.binary(max_size=20)))
def test_what_stands_in_base64_is_counted_as_what_it_will_be(bodies):
    contents = [{"content": base64.b64encode(body).decode()} for body in bodies]
    assert inline_bytes({"contents": contents}, "content") == sum(map(len, bodies))


@pytest.mark.parametrize(
    "contents", [None, "AAAA", 7, [], [None, 7, "AAAA"], [{"content": None}, {"content": 7}, {"content": ""}, {}]]
)
def test_what_has_another_shape_brings_nothing(contents):
    assert inline_bytes({"contents": contents}, "content") == 0


def test_data_without_contents_bring_nothing():
    assert inline_bytes({}, "content") == 0
