import pytest

from shared.contract.safe_xml import read_xml
from shared.errors import Malformed

DTD = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        ("<a>ș</a>".encode(), None),
        ("\ufeff<a>ș</a>".encode(), None),
        ("<?xml version='1.0' encoding='UTF-8'?>\n<!-- <!DOCTYPE --><a>ș</a>".encode(), "utf-8"),
        ("<a>ș</a>".encode("utf-16"), None),
        ("<?xml version='1.0' encoding='utf-16'?><a>ș</a>".encode("utf-16"), "utf-16"),
        ("<a>ș</a>".encode("utf-16-le"), "utf-16le"),
        ("<a>ș</a>".encode("utf-16-be"), "utf-16be"),
    ],
)
def test_utf_8_and_utf_16_are_read(data, charset):
    assert read_xml(data, charset=charset).text == "ș"


def test_a_document_type_in_the_text_is_only_text():
    assert read_xml(b"<a><![CDATA[<!DOCTYPE a>]]></a>").text == "<!DOCTYPE a>"


@pytest.mark.parametrize(
    "data",
    [
        DTD.encode(),
        DTD.encode("utf-16"),
        DTD.encode("utf-16-le"),
        DTD.encode("utf-16-be"),
        b"<?xml version='1.0'?><!-- x -->\n" + DTD.encode(),
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
    ],
)
def test_a_document_type_is_refused(data):
    with pytest.raises(Malformed, match="document type"):
        read_xml(data)


@pytest.mark.parametrize(
    ("data", "charset", "code"),
    [
        (b"", None, "xml"),
        (b"hello", None, "xml"),
        (b"<a>", None, "xml"),
        (b"<a>\xff</a>", None, "xml"),
        (b"<a>&b;</a>", None, "xml"),
        (b"<a/>", "utf-7", "encoding"),
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", None, "encoding"),
        (b"<!--" + b"x" * 20_000 + b"--><!DOCTYPE a><a/>", None, "document_type"),
        (b"<a>" * 5_000 + b"</a>" * 5_000, None, "xml"),
    ],
)
def test_what_cannot_be_read_safely_is_refused(data, charset, code):
    with pytest.raises(Malformed) as refused:
        read_xml(data, charset=charset)
    assert refused.value.code == code
