from unittest.mock import Mock

import pytest

from services.msign.consumers.registry import check_origin, serial_of
from shared.errors import Malformed


@pytest.mark.parametrize(("number", "text"), [(0xABC, "0ABC"), (1, "01"), (0, "00"), (0x80FF, "80FF")])
def test_a_serial_number_is_upper_case_hexadecimal_in_whole_bytes(number, text):
    certificate = Mock(serial_number=number)
    assert serial_of(certificate) == text


@pytest.mark.parametrize("origin", ["https://a.example", "https://A.example/", "http://127.0.0.1:8080"])
def test_an_origin_is_kept_in_lower_case_without_a_slash(origin):
    assert check_origin(origin) == origin.lower().rstrip("/")


@pytest.mark.parametrize("text", ["a.example", "https://", "https://a/b", "ftp://a", "https://u@a", "https://a/?b"])
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(Malformed, match="origin"):
        check_origin(text)
