from dataclasses import replace

import pytest
from aiohttp.test_utils import make_mocked_request

from services.msign.web import WebSettings


@pytest.fixture
def request_here():
    return make_mocked_request("GET", "/", headers={"Host": "127.0.0.1:8080", "X-Forwarded-Proto": "https"})


def test_without_a_public_address_it_is_the_one_that_was_asked_whatever_a_header_claims(parts, request_here):
    assert parts.address(request_here) == "http://127.0.0.1:8080"
    assert not parts.is_secure(request_here)


def test_behind_a_proxy_the_public_address_counts(parts, request_here):
    behind = replace(parts, web_url="https://msign.example/")
    assert behind.address(request_here) == "https://msign.example"
    assert behind.is_secure(request_here)


def test_a_public_address_without_tls_makes_nothing_secure(parts, request_here):
    assert not replace(parts, web_url="http://msign.example").is_secure(request_here)


@pytest.mark.parametrize("url", ["msign.example", "ftp://msign.example", "https://a/b", "https://u@a", "https://a?b"])
def test_what_is_no_address_of_a_site_is_refused_as_web_url(url):
    with pytest.raises(ValueError, match="web_url"):
        WebSettings(web_url=url)
