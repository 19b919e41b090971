"""Is a command the same to us, whether its long texts were copied or stayed where they were?"""

import base64
import binascii
import hashlib
import os

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging import long_texts
from shared.messaging.long_texts import LONG_BYTES, LongText

LONG = base64.b64encode(os.urandom(LONG_BYTES)).decode()
LONGER = base64.b64encode(os.urandom(5 * LONG_BYTES + 1)).decode()

anything_else = st.sampled_from(
    [LONG, LONGER, LONG + "\\", LONG + "\n", LONG + "ș", "A" * (LONG_BYTES + 1), '"', "", "QUJD"]
)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20) | anything_else
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | anything_else, inner, max_size=4),
)
longs = st.sampled_from([LONG, LONGER])
items = st.fixed_dictionaries({"content": longs}, optional={"signature": longs | values, "name": values})
data = st.fixed_dictionaries({"contents": st.lists(items, max_size=4)}, optional={"name": values})
commands = st.fixed_dictionaries({"data": data}, optional={"type": values, "id": values})


def whole(said: object) -> object:
    """What was loaded, with every long text as an ordinary one."""
    if isinstance(said, dict):
        return {name: whole(value) for name, value in said.items()}
    if isinstance(said, list):
        return list(map(whole, said))
    return bytes(said.characters).decode() if isinstance(said, LongText) else said


def digest(body: bytes) -> bytes:
    """What the digest has been from the beginning."""
    return hashlib.sha256(orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)).digest()


@given(commands | values, st.sampled_from([0, orjson.OPT_INDENT_2]))
def test_a_command_says_the_same_and_has_the_same_digest_as_if_it_were_copied(command, layout):
    body = orjson.dumps(command, option=layout)
    said = long_texts.loads(body)
    assert whole(said) == command
    assert long_texts.digest_of(said) == digest(body)


@given(
    st.lists(st.sampled_from([LONG, '"', "\\", ",", ":", "{", "}", "[", "]", "7", '"data":{"contents":[{"content":"']))
)
def test_what_is_no_json_is_refused_and_anything_else_is_read_as_ever(pieces):
    body = "".join(pieces).encode()
    try:
        expected = orjson.loads(body)
    except orjson.JSONDecodeError:
        with pytest.raises(orjson.JSONDecodeError):
            long_texts.loads(body)
    else:
        assert whole(long_texts.loads(body)) == expected


@pytest.mark.parametrize("name", ["content", "signature"])
def test_long_base64_stays_in_the_message_and_is_decoded_from_there(name):
    body = orjson.dumps({"data": {"contents": [{name: LONG}, {name: LONGER}]}})
    for text, original in zip(long_texts.loads(body)["data"]["contents"], (LONG, LONGER), strict=True):
        assert text[name].characters.obj is body
        assert text[name].decoded() == base64.b64decode(original)
        assert (len(text[name]), text[name].padding) == (len(original), original.count("="))


@pytest.mark.parametrize(
    "said",
    [
        {"data": {"contents": [{"name": LONG}]}},
        {"data": {"contents": {"content": LONG}}},
        {"data": {"content": LONG}},
        {"data": {"contents": [LONG, {LONG: "content"}]}},
        {"contents": [{"content": LONG}]},
        {"id": LONG, "data": {"contents": [{"content": LONG}]}},
        [{"content": LONG}],
        {"data": {"contents": [{"content": "A" * (LONG_BYTES + 1)}]}},
        {"data": {"contents": [{"content": LONG + "!"}]}},
    ],
)
def test_a_long_text_anywhere_else_is_a_text_like_any_other(said):
    assert long_texts.loads(orjson.dumps(said)) == said


def test_of_a_field_that_is_there_twice_the_last_one_counts():
    body = b'{"data":{"contents":[{"content":"%s","content":"%s"}]}}' % (LONGER.encode(), LONG.encode())
    assert long_texts.loads(body) == {"data": {"contents": [{"content": LONG}]}}


def test_a_text_within_a_text_is_not_cut_out_of_it():
    said = {"data": {"contents": [{"content": f'x"{LONG}"y'}, {"content": f'"{LONG}'}, {"content": f'{LONG}"'}]}}
    assert long_texts.loads(orjson.dumps(said)) == said


def test_padding_in_between_is_found_when_the_text_is_decoded():
    text = "A" * (64 * 1024 - 4) + "MQ==" + "MTIz"
    (item,) = long_texts.loads(orjson.dumps({"data": {"contents": [{"content": text}]}}))["data"]["contents"]
    with pytest.raises(binascii.Error):
        item["content"].decoded()
