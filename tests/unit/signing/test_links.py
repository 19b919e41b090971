"""What we hand to browsers cannot be made up."""

import uuid

import pytest

from shared.keys import Keyring, parse_keys
from shared.signing.links import Links

OLD, NEW = "o" * 32, "n" * 32
JOB = uuid.UUID("0199d6a2-5c8e-7cc1-9f7e-0d6b3a1f2c44")


def token_of(url: str) -> str:
    return url.rpartition("t=")[2]


def test_the_token_of_a_link_opens_its_job_and_no_other():
    links = Links(Keyring(NEW), "https://sign.example/")
    url = links.sign_url(JOB)
    assert url.startswith(f"https://sign.example/sign/{JOB}?t=")
    assert links.opens(JOB, token_of(url))
    assert not links.opens(uuid.uuid4(), token_of(url))


@pytest.mark.parametrize("token", ["", "x", "é", "\x00", "a" * 5000])
def test_a_made_up_token_opens_nothing(token):
    assert not Links(Keyring(NEW), "https://sign.example").opens(JOB, token)


def test_a_relay_state_leads_back_to_its_job():
    links = Links(Keyring(NEW), "https://sign.example")
    assert links.job_of(links.relay_state(JOB)) == JOB


@pytest.mark.parametrize("relay_state", ["", str(JOB), f"{JOB}.", f"{JOB}.x", "é.é", "." * 100])
def test_a_forged_relay_state_leads_nowhere(relay_state):
    assert Links(Keyring(NEW), "https://sign.example").job_of(relay_state) is None


def test_a_link_token_is_no_relay_state_signature():
    links = Links(Keyring(NEW), "https://sign.example")
    assert links.job_of(f"{JOB}.{token_of(links.sign_url(JOB))}") is None


def test_links_made_with_the_old_key_open_after_a_rotation_and_new_ones_use_the_new_key():
    before, after = Links(Keyring(OLD), "https://sign.example"), Links(Keyring(NEW, OLD), "https://sign.example")
    assert after.opens(JOB, token_of(before.sign_url(JOB)))
    assert not before.opens(JOB, token_of(after.sign_url(JOB)))


def test_several_keys_are_read_from_one_setting():
    assert parse_keys(f"{NEW},\n {OLD}\n") == (NEW, OLD)


@pytest.mark.parametrize("text", ["", " , ", "short", f"{NEW} short"])
def test_no_key_or_a_short_one_is_refused(text):
    with pytest.raises(ValueError, match="at least"):
        parse_keys(text)


def test_a_secret_that_is_rotated_under_a_running_service_signs_anew_and_still_opens_what_it_signed():
    secret = OLD
    links = Links(Keyring.following(lambda: secret), "https://sign.example")
    url, relay_state = links.sign_url(JOB), links.relay_state(JOB)
    secret = f"{NEW} {OLD}"
    assert links.opens(JOB, token_of(url))
    assert links.job_of(relay_state) == JOB
    assert links.sign_url(JOB) == Links(Keyring(NEW), "https://sign.example").sign_url(JOB)
    secret = NEW
    assert not links.opens(JOB, token_of(url))
    assert links.job_of(relay_state) is None
