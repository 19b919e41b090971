"""Is text from others shown and saved so that it deceives nobody and breaks nothing?"""

import pytest

from services.msign.pages.names import content_disposition, for_the_eye


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Declarație 2026.pdf", "Declarație 2026.pdf"),
        ("a\u202ebdp.exe", "a\ufffdbdp.exe"),
        ("\u2067x\u2069", "\ufffdx\ufffd"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("bell\x07", "bell\ufffd"),
        ("عقد 📄 👨‍👩‍👧.pdf", "عقد 📄 👨‍👩‍👧.pdf"),
        ("", ""),
        ("\u00a0 \u3000", ""),
    ],
)
def test_what_others_wrote_is_shown_as_it_is(text, shown):
    assert for_the_eye(text) == shown


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("act.pdf", "act.pdf", "act.pdf"),
        ("act.PDF", "act.pdf", "act.pdf"),
        ("act", "act.pdf", "act.pdf"),
        ("virus.exe", "virus.exe.pdf", "virus.exe.pdf"),
        ("../../etc/passwd", "_.._etc_passwd.pdf", "_.._etc_passwd.pdf"),
        ('a"; filename="b', "a_; filename=_b.pdf", "a_%3B%20filename%3D_b.pdf"),
        ("a\r\nSet-Cookie: x=1", "a Set-Cookie_ x=1.pdf", "a%20Set-Cookie_%20x%3D1.pdf"),
        ("Акт.pdf", ".pdf", "%D0%90%D0%BA%D1%82.pdf"),
        ("", "document-7.pdf", "document-7.pdf"),
        (None, "document-7.pdf", "document-7.pdf"),
        (" .. ", "document-7.pdf", "document-7.pdf"),
        (".pdf", "document-7.pdf", "document-7.pdf"),
        ("x" * 300, "x" * 120 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_a_document_is_saved_as_a_pdf_file_in_no_folder(name, plain, encoded):
    expected = "document-7.pdf" if plain == ".pdf" else plain
    assert content_disposition(name, 7) == f"inline; filename=\"{expected}\"; filename*=UTF-8''{encoded}"
