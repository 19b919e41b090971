"""Addresses, and what could be overheard on the way there."""

from pathlib import Path

import pytest

from shared.addresses import each_host, url_of, weakness, with_files


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("amqp://u:p@broker/", "must be amqps://"),
        ("AMQP://u:p@broker/", "must be amqps://"),
        ("amqps://u:p@broker/?no_verify_ssl=1", "no_verify_ssl"),
        ("amqps://u:p@broker/?no_verify_ssl=", "no_verify_ssl"),
        ("amqps://u:p@broker/?no_verify_ssl=0&no_verify_ssl=1", "no_verify_ssl"),
        ("http://msign/MSign.svc", "must be https://"),
        ("postgresql://u:p@database/gateway", "sslmode=verify-full"),
        ("postgres://u:p@database/gateway?sslmode=prefer", "sslmode=verify-full"),
        ("postgresql://u:p@database/gateway?sslmode=require", "sslmode=verify-full"),
        ("postgresql://u:p@database/gateway?sslmode=verify-full&sslmode=disable", "sslmode=verify-full"),
    ],
)
def test_an_address_where_somebody_could_listen_is_told_with_what_it_must_be(url, said):
    found = weakness(url)
    assert found is not None
    assert said in found
    assert "u:p" not in found


@pytest.mark.parametrize(
    "url",
    [
        "amqps://u:p@broker/?no_verify_ssl=0",
        "https://msign/MSign.svc",
        "postgresql://u:p@database/gateway?sslmode=verify-full",
        "postgres://u:p@database/gateway?sslmode=disable&sslmode=verify-ca",
    ],
)
def test_an_address_that_nobody_can_listen_to_has_no_weakness(url):
    assert weakness(url) is None


def test_files_join_the_query_and_nothing_else_changes():
    url = "amqps://user:p%40ss@broker:5671/%2Fmsign?heartbeat=7&cafile=/old"
    assert with_files(url, cafile=Path("/ca certs/ca.pem"), certfile=None) == (
        "amqps://user:p%40ss@broker:5671/%2Fmsign?heartbeat=7&cafile=%2Fca+certs%2Fca.pem"
    )
    assert with_files(url, cafile=None) == url


def test_an_address_may_change():
    urls = iter(["one", "two"])
    address = lambda: next(urls)  # noqa: E731
    assert [url_of(address), url_of(address), url_of("three")] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("url", "each"),
    [
        ("postgresql://u:p@a/d", ["postgresql://u:p@a/d"]),
        ("postgresql://a,b/d", ["postgresql://a/d", "postgresql://b/d"]),
        ("amqps://u:p%40,q@a:1,[::1]:2/v?x=1,2", ["amqps://u:p%40,q@a:1/v?x=1,2", "amqps://u:p%40,q@[::1]:2/v?x=1,2"]),
        ("postgresql:///d?host=a,b", ["postgresql:///d?host=a,b"]),
    ],
)
def test_each_host_that_an_address_names_has_an_address_of_its_own(url, each):
    assert each_host(url) == each
