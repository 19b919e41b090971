"""Are pieces as long as what they make together, however often they are gone through?"""

from shared.pieces import Pieces


def test_pieces_are_what_they_were_made_of():
    pieces = Pieces(piece for piece in (b"one", b"", b"three"))
    assert len(pieces) == 8
    assert list(pieces) == list(pieces) == [b"one", b"", b"three"]


def test_no_pieces_are_nothing():
    assert (len(Pieces([])), list(Pieces([]))) == (0, [])
