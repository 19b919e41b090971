from dataclasses import replace
from typing import Any

import pytest

from shared.contract.limits import (
    CODES,
    Problem,
    language_problems,
    sign_request_problems,
    verification_request_problems,
)
from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    SignContent,
    SignRequest,
    VerificationContent,
    VerificationRequest,
)

GOOD = SignRequest(
    content_type=ContentType.HASH, short_content_description="Cerere", contents=(SignContent(content=b"1" * 32),)
)
GOOD_VERIFICATION = VerificationRequest(
    signed_content_type=ContentType.HASH, contents=(VerificationContent(signature=b"<x/>", content=b"1" * 32),)
)
IDNP = "2000000000007"


def with_content(**changes: Any) -> SignRequest:
    return replace(GOOD, contents=(replace(GOOD.contents[0], **changes),))


def with_signer(**changes: Any) -> SignRequest:
    return replace(GOOD, expected_signer=replace(ExpectedSigner(id=IDNP), **changes))


def told(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    assert {problem.code for problem in problems} <= CODES
    return [(problem.where, problem.code) for problem in problems]


@pytest.mark.parametrize(
    "request_",
    [
        GOOD,
        replace(GOOD, short_content_description="ț" * 90),
        replace(GOOD, content_description="ț" * 512),
        replace(GOOD, signature_reason="ț" * 255),
        with_content(correlation_id="ț" * 36),
        with_content(name="ț" * 256),
        *(with_content(content=b"1" * size) for size in (20, 28, 32, 48, 64)),
        replace(GOOD, contents=(SignContent(content=b"1" * 20), SignContent(content=b"1" * 20))),
        with_signer(),
        with_signer(delegator_type=DelegatorType.PERSON, delegator_id=IDNP),
        replace(GOOD, content_type=ContentType.PDF, contents=(SignContent(content=b"\n%PDF-1.4\n"),)),
    ],
)
def test_a_request_within_the_limits_is_allowed(request_):
    assert told(sign_request_problems(request_)) == []


@pytest.mark.parametrize(
    ("request_", "where", "code"),
    [
        (replace(GOOD, short_content_description="ț" * 91), "ShortContentDescription", "too_long"),
        (replace(GOOD, short_content_description=" "), "ShortContentDescription", "required"),
        (replace(GOOD, content_description="x" * 513), "ContentDescription", "too_long"),
        (replace(GOOD, signature_reason="x" * 256), "SignatureReason", "too_long"),
        (replace(GOOD, contents=()), "Contents", "required"),
        (with_content(correlation_id="x" * 37), "Contents[0].CorrelationID", "too_long"),
        (with_content(name="x" * 257), "Contents[0].Name", "too_long"),
        (with_content(content=b""), "Contents[0].Content", "required"),
        *(
            (with_content(content=b"1" * size), "Contents[0].Content", "bad_digest")
            for size in (1, 19, 21, 27, 29, 31, 33, 47, 49, 63, 65)
        ),
        (with_signer(id=""), "ExpectedSigner.ID", "required"),
        (with_signer(id="2" * 12), "ExpectedSigner.ID", "bad_idnp"),
        (with_signer(id="2" * 14), "ExpectedSigner.ID", "bad_idnp"),
        (with_signer(id="٢" * 13), "ExpectedSigner.ID", "bad_idnp"),
        (with_signer(id="2" * 13 + "\n"), "ExpectedSigner.ID", "bad_idnp"),
        (with_signer(delegator_type=DelegatorType.ORGANIZATION), "ExpectedSigner.DelegatorID", "required"),
        (replace(GOOD, content_type=ContentType.PDF), "Contents[0].Content", "bad_pdf"),
    ],
)
def test_a_request_beyond_a_limit_is_refused_where_it_breaks_it(request_, where, code):
    assert told(sign_request_problems(request_)) == [(where, code)]


def test_a_second_equal_correlation_id_is_refused():
    contents = tuple(SignContent(content=b"1" * 20, correlation_id=name) for name in "aba")
    assert told(sign_request_problems(replace(GOOD, contents=contents))) == [("Contents[2].CorrelationID", "duplicate")]


def test_all_problems_are_told_at_once():
    request = replace(with_content(content=b"1"), short_content_description="", signature_reason="x" * 300)
    assert len(sign_request_problems(request)) == 3


def test_a_problem_reads_as_a_sentence_without_the_value():
    (problem,) = sign_request_problems(with_content(correlation_id="s" * 40))
    assert str(problem) == "Contents[0].CorrelationID: has 40 characters, at most 36 are allowed"
    assert problem.path == ("Contents", 0, "CorrelationID")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"language": "en"}, []),
        ({"language": "EN"}, [("Language", "bad_language")]),
        ({"contents": ()}, [("Contents", "required")]),
        ({"contents": (VerificationContent(signature=b"x"),)}, [("Contents[0].Content", "required")]),
        ({"contents": (VerificationContent(signature=b"", content=b"h"),)}, [("Contents[0].Signature", "required")]),
        (
            {"contents": (VerificationContent(signature=b"x", content=b"h", correlation_id="x" * 37),)},
            [("Contents[0].CorrelationID", "too_long")],
        ),
        (
            {"contents": (VerificationContent(signature=b"x", content=b"h", correlation_id="a"),) * 2},
            [("Contents[1].CorrelationID", "duplicate")],
        ),
        (
            {"signed_content_type": ContentType.PDF, "contents": (VerificationContent(signature=b"x"),)},
            [],
        ),
    ],
)
def test_a_verification_request_is_held_to_its_rules(change, expected):
    assert told(verification_request_problems(replace(GOOD_VERIFICATION, **change))) == expected


@pytest.mark.parametrize("language", [None, "", "ro", "ru", "en"])
def test_a_known_or_absent_language_is_allowed(language):
    assert language_problems(language) == ()


@pytest.mark.parametrize("language", ["fr", "RO", "ro-MD"])
def test_an_unknown_language_is_refused(language):
    assert told(language_problems(language)) == [("language", "bad_language")]
