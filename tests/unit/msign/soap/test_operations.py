from lxml import etree

from services.msign.soap.operations import write_answer
from shared.contract.models import SignResponse, SignStatus


def test_a_pending_answer_has_empty_results():
    answer = etree.fromstring(write_answer("GetSignResponse", SignResponse(status=SignStatus.PENDING)))
    (results,) = answer.iterfind(".//{https://msign.gov.md}Results")
    assert len(results) == 0
    assert answer.findtext(".//{https://msign.gov.md}Status") == "Pending"
