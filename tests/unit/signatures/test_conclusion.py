"""Does every axis of a verdict say in its own words what is wrong with it?"""

from __future__ import annotations

from shared.signatures.certificates import to_asn1
from shared.signatures.conclusion import Findings, conclude
from shared.signatures.tokens import TokenVerdict
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Axis, Coverage, Reason, Report, TimestampStatus, broken
from tests.pki import TestPki, rsa_key
from tests.unit.signatures.statuses import ISSUER_X509, LEAF


def test_each_axis_has_its_own_reasons(pki):
    weak = pki.person(rsa_key("weak", 1024))
    verdict = conclude(
        Findings(
            coverage=Coverage.PARTIAL,
            faults=(Reason("digest_mismatch", "…"), Reason("signature_value", "…")),
            coverage_reasons=(Reason("changed_after_signing", "…"),),
            stamp=TokenVerdict(TimestampStatus.FAILED, None, Reason("timestamp_imprint", "…")),
            leaf=to_asn1(weak.certificate),
        ),
        TrustAnchors.of([TestPki.make("other").root.certificate]),
    )
    told = {axis: [reason.code for reason in verdict.because(axis)] for axis in Axis}
    assert told == {
        Axis.INTEGRITY: ["digest_mismatch", "signature_value"],
        Axis.COVERAGE: ["changed_after_signing"],
        Axis.TIMESTAMP: ["timestamp_imprint"],
        Axis.TRUST: ["no_path"],
        Axis.POLICY: ["weak_key"],
    }
    assert sum(map(len, told.values())) == len(verdict.reasons)


def test_a_good_signature_has_no_reasons(pki, anchors):
    leaf = to_asn1(pki.signer.certificate)
    verdict = conclude(Findings(coverage=Coverage.WHOLE, leaf=leaf), anchors)
    assert (verdict.valid, verdict.reasons) == (True, ())


def test_caveats_come_last_and_do_not_explain_why_an_input_is_not_valid():
    anchors = TrustAnchors.of([ISSUER_X509])
    for coverage, valid in ((Coverage.WHOLE, True), (Coverage.PARTIAL, False)):
        verdict = conclude(
            Findings(
                coverage=coverage,
                coverage_reasons=() if valid else (Reason("changed_after_signing", "…"),),
                leaf=LEAF,
                digests=frozenset({"sha1"}),
            ),
            anchors,
        )
        assert verdict.valid is valid
        assert [one.code for one in verdict.reasons if one.caveat] == ["revocation_unknown", "weak_digest"]
        assert verdict.reason.split("; ")[-1].startswith("weak_digest")
        assert Report(signatures=(verdict,)).reason == ("" if valid else "changed_after_signing: …")


def test_a_signature_without_a_certificate_is_nobodys(anchors):
    verdict = conclude(Findings(coverage=Coverage.WHOLE), anchors)
    assert (verdict.trust, verdict.subject, verdict.certificate, verdict.valid) == ("unknown", "", None, False)


def test_what_cannot_be_read_is_broken():
    assert [one.axis for one in broken("unreadable", "…").reasons] == [Axis.INTEGRITY]
