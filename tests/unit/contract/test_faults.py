import pytest
from lxml import etree

from shared.contract.faults import (
    AuthenticationFailed,
    AuthorizationFailed,
    InvalidParameter,
    MSignFault,
    RequestNotFound,
    UnknownFault,
    fault_of,
    read_fault,
)
from shared.errors import Malformed, ProviderDown, Transient

BODY = (
    '<s:Body xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Fault><faultcode>{code}</faultcode>'
    "<faultstring>why</faultstring></s:Fault></s:Body>"
)


@pytest.mark.parametrize("prefix", ["", "s:", "a:", "msign:"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthenticationFailed", AuthenticationFailed),
        ("AuthorizationFailed", AuthorizationFailed),
        ("InvalidParameter", InvalidParameter),
        ("RequestNotFound", RequestNotFound),
        ("InternalServiceFault", UnknownFault),
    ],
)
def test_a_fault_is_known_by_its_local_name(prefix, code, kind):
    fault = read_fault(etree.fromstring(BODY.format(code=prefix + code)))
    assert fault is not None
    assert type(fault) is kind
    assert (fault.code, fault.text, str(fault)) == (code, "why", "why")


def test_a_body_without_a_fault_has_none():
    assert read_fault(etree.fromstring("<Body><PostSignRequestResponse/></Body>")) is None


def test_faults_say_whether_a_retry_can_help():
    assert isinstance(fault_of("InvalidParameter", ""), Malformed)
    assert isinstance(fault_of("AuthenticationFailed", ""), ProviderDown)
    assert isinstance(fault_of("Server", ""), Transient)
    for code in ("RequestNotFound", "AuthorizationFailed"):
        assert isinstance(fault_of(code, ""), MSignFault)
        assert not isinstance(fault_of(code, ""), Malformed | Transient)
