import pytest

from services.msign.pages.entry import check_return_url, read_entry
from services.msign.pages.texts import ENTRY_PROBLEMS, bad_entry
from shared.contract.models import Instrument, Language
from shared.errors import Malformed


@pytest.mark.parametrize(
    "url",
    [
        "https://exemplu.md/x?y=z",
        "http://127.0.0.1:8080/return",
        "http://localhost/",
        "http://[::1]:1/",
        "https://a:8443",
    ],
)
def test_https_and_loopback_addresses_are_allowed(url):
    assert check_return_url(url, ()) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://exemplu.md/", "javascript:alert(1)", "//exemplu.md/", "/return", "ftp://127.0.0.1/", "https://", "https:///x",
        "https://user@exemplu.md/", "https://u:p@exemplu.md/", "http://127.0.0.1.exemplu.md/", "https://exemplu.md:port/",
        "https://exemplu.md\\@evil.md/", "https://exemplu.md/\nx", "java\tscript:x", " https://exemplu.md/", "https://[x/",
        "https://exemplu.md/" + "x" * 2048,
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url):
    with pytest.raises(Malformed) as caught:
        check_return_url(url, ())
    assert caught.value.code == "return_url_not_allowed"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://exemplu.md/return", True), ("https://exemplu.md:443/return", True), ("https://EXEMPLU.md/", True),
        ("https://exemplu.md:444/", False), ("https://a.exemplu.md/", False), ("https://exemplu.md.evil.md/", False),
        ("http://localhost/", False),
    ],
)  # fmt: skip
def test_a_consumer_with_origins_gets_results_there_only(url, allowed):
    origins = ("https://exemplu.md",)
    if allowed:
        assert check_return_url(url, origins) == url
    else:
        with pytest.raises(Malformed):
            check_return_url(url, origins)


def test_names_count_without_regard_to_case_and_the_first_value_wins():
    entry = read_entry(
        [
            ("RETURNURL", "https://a.md/"),
            ("relaystate", "1"),
            ("RelayState", "2"),
            ("instrument", "MOLDSIGN"),
            ("Lang", "EN"),
        ],
        (),
    )
    assert (entry.relay_state, entry.instrument, entry.language) == ("1", Instrument.MOLDSIGN, Language.EN)


def test_a_relay_state_of_2048_bytes_is_taken_and_one_more_is_refused():
    given = [("ReturnUrl", "https://a.md/")]
    assert read_entry([*given, ("RelayState", "ș" * 1024)], ()).relay_state == "ș" * 1024
    with pytest.raises(Malformed) as caught:
        read_entry([*given, ("RelayState", "ș" * 1024 + "x")], ())
    assert caught.value.code == "relay_state_too_long"


def test_an_empty_relay_state_is_one_and_a_missing_one_is_not():
    given = [("ReturnUrl", "https://a.md/")]
    assert read_entry([*given, ("RelayState", "")], ()).relay_state == ""
    assert read_entry(given, ()).relay_state is None


def test_unknown_instruments_and_languages_are_passed_over():
    entry = read_entry([("ReturnUrl", "https://a.md/"), ("Instrument", "quill"), ("lang", "la")], ())
    assert (entry.instrument, entry.language) == (None, None)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ([], "return_url_missing"),
        ([("ReturnUrl", "ftp://a.md/")], "return_url_not_allowed"),
        ([("ReturnUrl", "https://a.md/"), ("RelayState", "x" * 2049)], "relay_state_too_long"),
        ([("ReturnUrl", "https://a.md/"), ("MSISDN", "+373")], "msisdn_invalid"),
    ],
)
def test_each_problem_of_the_form_has_its_sentence(parameters, code):
    with pytest.raises(Malformed) as caught:
        read_entry(parameters, ())
    assert caught.value.code == code
    assert bad_entry(code).body is ENTRY_PROBLEMS[code]
