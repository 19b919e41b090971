"""What went into a spool comes out of it, under its name."""

import hashlib

import pytest

from shared.persistence.pages import PAGE_BYTES
from shared.spool import MOST_WAITING, PIECE_BYTES, open_spool


async def whole(spool):
    return [piece async for piece in spool.pieces()]


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 5])
@pytest.mark.parametrize("step", [70_000, PIECE_BYTES * 2])
async def test_what_went_in_comes_out_in_pieces(size, step):
    body = bytes(range(251)) * (size // 251 + 1)
    body = body[:size]
    with open_spool() as spool:
        for start in range(0, size, step):
            await spool.write(body[start : start + step])
        ref = await spool.end()
        pieces = await whole(spool)
        assert (ref, spool.ref, spool.size) == (f"sha256:{hashlib.sha256(body).hexdigest()}", ref, size)
        assert b"".join(pieces) == body
        assert all(len(piece) <= PIECE_BYTES for piece in pieces)
        spool.file.seek(0)
        assert spool.file.read() == body


async def test_two_may_read_at_once():
    body = bytes(range(256)) * (PIECE_BYTES // 64)
    with open_spool() as spool:
        await spool.write(body)
        await spool.end()
        first, second = spool.pieces(), spool.pieces()
        got = [(await anext(first), await anext(second)) for _ in range(spool.size // PIECE_BYTES)]
        assert b"".join(one for one, _ in got) == b"".join(other for _, other in got) == body


async def test_a_file_is_gone_with_its_spool(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_spool() as spool:
        await spool.write(b"x" * PIECE_BYTES * 2)
        file = spool.file
        assert list(tmp_path.iterdir()) == []
    assert file.closed


async def test_the_digest_of_the_beginning_is_known_at_each_place_up_to_which_it_was_put_away():
    body = bytes(range(256)) * (PIECE_BYTES // 64)
    with open_spool() as spool:
        for start in range(0, len(body), PIECE_BYTES):
            spool.append(body[start : start + PIECE_BYTES])
            if spool.is_full:
                spool.put_away()
        await spool.end()
        assert spool.states[-1][0] == spool.size
        for place, state in spool.states:
            assert state.digest() == hashlib.sha256(body[:place]).digest()


def test_pieces_are_whole_pages_of_the_database_and_leave_no_rest_in_base64():
    assert (PIECE_BYTES % PAGE_BYTES, PIECE_BYTES % 3) == (0, 0)


@pytest.mark.parametrize("begin", [0, 1, 70_000, 70_001, 3 * 70_000])
async def test_what_may_be_in_memory_needs_no_file_and_can_be_read_from_anywhere(begin):
    body = bytes(range(250)) * (3 * 70_000 // 250)
    with open_spool(in_memory_bytes=len(body) + 1) as spool:
        for start in range(0, len(body), 70_000):
            await spool.write(body[start : start + 70_000])
        assert await spool.end() == f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert spool.is_in_memory
        assert b"".join([piece async for piece in spool.pieces(begin)]) == body[begin:]
        assert spool.read() == spool.file.read() == body


@pytest.mark.parametrize("size", [0, 70_000, PIECE_BYTES, 3 * PIECE_BYTES + 1])
async def test_it_can_be_read_in_the_same_pieces_where_waiting_holds_nobody_up(size):
    with open_spool() as spool:
        await spool.write(bytes(range(256)) * (size // 256 + 1))
        await spool.end()
        assert list(spool.parts()) == list(spool.parts()) == [piece async for piece in spool.pieces()]


async def test_what_comes_byte_by_byte_does_not_wait_byte_by_byte():
    body = bytes(range(256)) * 4
    with open_spool() as spool:
        for number in range(len(body)):
            await spool.write(body[number : number + 1])
        await spool.end()
        pieces = await whole(spool)
        assert b"".join(pieces) == body
        assert len(pieces) < MOST_WAITING


def waits(*_):
    raise BlockingIOError


@pytest.mark.parametrize("at_once", [waits, lambda *_: 1, lambda *_: 0])
async def test_what_is_not_in_the_systems_memory_is_waited_for_and_comes_whole(monkeypatch, at_once):
    body = bytes(range(256)) * (PIECE_BYTES // 64)
    with open_spool() as spool:
        await spool.write(body)
        await spool.end()
        monkeypatch.setattr("os.preadv", at_once)
        assert b"".join(await whole(spool)) == body
