"""Is every way in which a call of MSign can end told apart?"""

import pytest

from shared.contract.failures import WORDS
from shared.contract.faults import (
    AuthenticationFailed,
    AuthorizationFailed,
    InvalidParameter,
    RequestNotFound,
    fault_of,
)
from shared.contract.transport import AmbiguousCall, CertificateRefused
from shared.errors import ProviderDown, Transient
from shared.signing.breaker import Breaker
from shared.telemetry.soap import soap_call
from tests.counting import Counted, shown


def because(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (AuthenticationFailed("unknown"), "authentication"),
        (CertificateRefused("no"), "authentication"),
        (ProviderDown("away"), "down"),
        (because(AmbiguousCall("late"), TimeoutError()), "timeout"),
        (because(AmbiguousCall("broken"), ConnectionResetError()), "connection"),
        (AmbiguousCall("HTTP 502"), "unusable"),
        (InvalidParameter("too long"), "fault"),
        (RequestNotFound("gone"), "fault"),
        (Transient("garbage"), "unusable"),
        (ZeroDivisionError(), "error"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_failed_call_is_measured_with_what_it_failed_of(error, outcome):
    assert outcome in WORDS
    counted = Counted()
    with pytest.raises(type(error)), soap_call("GetSignResponse"):
        raise error
    labels = {"operation": "GetSignResponse", "outcome": outcome}
    assert counted("msign_gateway_soap_call_duration_seconds_count", **labels) == 1


def test_a_call_that_succeeds_is_ok():
    counted = Counted()
    with soap_call("PostSignRequest"):
        pass
    labels = {"operation": "PostSignRequest", "outcome": "ok"}
    assert counted("msign_gateway_soap_call_duration_seconds_count", **labels) == 1


def test_a_code_that_the_contract_does_not_name_makes_no_label_of_its_own():
    counted = Counted()
    for fault in (AuthorizationFailed("not yours"), fault_of("s:Server.8f3a", "broken"), fault_of("", "broken")):
        with pytest.raises(type(fault)), soap_call("GetSignResponse"):
            raise fault
    name = "msign_gateway_soap_faults_total"
    assert counted(name, operation="GetSignResponse", code="AuthorizationFailed") == 1
    assert counted(name, operation="GetSignResponse", code="other") == 2


def test_the_breaker_opens_once_however_often_it_fails_and_says_why():
    counted, breaker = Counted(), Breaker()
    for _ in "123":
        breaker.failed(AuthenticationFailed("unknown"))
    assert counted("msign_gateway_breaker_openings_total", cause="authentication") == 1
    assert shown("msign_gateway_breaker_open") == 1
    breaker.succeeded()
    assert shown("msign_gateway_breaker_open") == 0
    breaker.failed(ProviderDown("away"))
    assert counted("msign_gateway_breaker_openings_total", cause="down") == 1
