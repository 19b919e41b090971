from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from msign_gateway.commands.verify import verify
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.xades.sign import sign_hash
from tests.documents import pdf_file
from tests.pki import TestPki, now_utc

HEX = hashlib.sha256(b"an act").hexdigest()
KEYS = {"integrity", "coverage", "timestamp", "trust", "subject", "reason"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("verify")
    pki = TestPki.make()

    async def sign() -> tuple[bytes, bytes, bytes]:
        given = (pki.signer, pki.timestamper)
        digest = bytes.fromhex(HEX)
        return (
            await sign_hash(digest, *given, signed_at=now_utc()),
            await sign_hash(digest, *given, signed_at=now_utc(), detached_as="file:/act.txt"),
            await sign_pdf(pdf_file(), *given, reason=None, signed_at=now_utc()),
        )

    for name, data in zip(("hash.xml", "detached.xml", "act.pdf"), asyncio.run(sign()), strict=True):
        (made / name).write_bytes(data)
    (made / "act.txt").write_bytes(b"an act")
    (made / "other.txt").write_bytes(b"another act")
    (made / "plain.pdf").write_bytes(pdf_file())
    (made / "trust").mkdir()
    for name, one in (("root", pki.root), ("issuing", pki.issuing)):
        (made / "trust" / f"{name}.pem").write_bytes(one.certificate.public_bytes(Encoding.PEM))
    return made


@pytest.fixture
def run(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("msign_gateway.commands.verify_run.configure_logging", lambda *_, **__: None)  # lasts for ever
    app = typer.Typer()
    app.command()(verify)

    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def verdict(result: Any) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("file", ["hash.xml", "act.pdf"])
def test_a_good_file_with_its_anchors_is_valid(run, file):
    told = verdict(run(file, "--trust", "trust", "--json"))
    assert told["valid"] is True
    assert told["reason"] == ""
    (one,) = told["signatures"]
    assert set(one) == KEYS
    assert (one["integrity"], one["coverage"], one["timestamp"], one["trust"]) == (
        "passed", "whole", "passed", "trusted",
    )  # fmt: skip


def test_without_trust_nothing_is_valid_but_the_rest_is_judged(run):
    told = verdict(run("hash.xml", "--json"))
    assert told["valid"] is False
    assert told["signatures"][0]["trust"] == "unknown"
    assert told["signatures"][0]["integrity"] == "passed"


@pytest.mark.parametrize(
    ("file", "content", "valid"),
    [
        ("hash.xml", "sha256:" + HEX, True),
        ("hash.xml", "SHA-256:" + HEX, True),
        ("hash.xml", "act.txt", True),
        ("hash.xml", "other.txt", False),
        ("hash.xml", "sha256:" + "0" * 64, False),
        ("detached.xml", "sha256:" + HEX, True),
        ("detached.xml", "act.txt", True),
        ("detached.xml", "other.txt", False),
    ],
)
def test_the_content_decides_about_coverage(run, file, content, valid):
    told = verdict(run(file, "--content", content, "--trust", "trust", "--json"))
    assert told["valid"] is valid
    assert told["signatures"][0]["integrity"] == "passed"
    assert told["signatures"][0]["coverage"] == ("whole" if valid else "none")


@pytest.mark.parametrize("file", ["plain.pdf", "act.txt", "missing.xml"])
def test_what_holds_no_signature_ends_with_2_and_an_error(run, file):
    result = run(file, "--json")
    assert result.exit_code == 2
    assert set(json.loads(result.stdout)) == {"error"}


@pytest.mark.parametrize("content", ["sha256:00", "sha257:" + HEX, "missing.txt"])
def test_unusable_content_ends_with_2_and_an_error(run, content):
    result = run("hash.xml", "--content", content, "--json")
    assert result.exit_code == 2
    assert "error" in json.loads(result.stdout)


def test_a_trust_directory_without_certificates_ends_with_2(run, tmp_path):
    assert run("hash.xml", "--trust", str(tmp_path), "--json").exit_code == 2


def test_a_person_reads_who_when_and_what(run):
    result = run("hash.xml", "act.pdf", "--trust", "trust")
    assert result.exit_code == 0
    for words in ("VALID", "Ana Exemplu", "proven by the timestamp", "everything", "trusted"):
        assert words in result.stdout


def test_a_person_reads_what_is_wrong(run):
    result = run("detached.xml", "--content", "other.txt")
    assert result.exit_code == 0
    assert "NOT VALID" in result.stdout
    assert "content_mismatch" in result.stdout


def test_several_files_give_one_object_each(run):
    lines = run("hash.xml", "plain.pdf", "--json").stdout.splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["hash.xml", "plain.pdf"]


def test_a_batch_answers_in_order_and_goes_on_after_unusable_cases(run, folder):
    cases = [
        {"case_id": "a", "file": "hash.xml", "kind": "xades", "content": "sha256:" + HEX},
        {"case_id": "b", "file": "plain.pdf", "kind": "pades", "content": ""},
        {"case_id": 3, "file": "act.pdf", "kind": "pades", "content": ""},
        {"case_id": "d", "file": "detached.xml", "kind": "xades", "content": "act.txt"},
        {"case_id": "e", "file": "act.pdf", "kind": "xades", "content": ""},
        {"case_id": "f", "kind": "xades"},
    ]
    (folder / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)) + "\nnot json\n")
    result = run("--batch", "cases.jsonl", "--trust", "trust")
    assert result.exit_code == 0
    first, *answers = map(json.loads, result.stdout.splitlines())
    assert first == {"ready": True}
    assert [one["case_id"] for one in answers] == ["a", "b", 3, "d", "e", "f", None]
    assert [one.get("valid") for one in answers] == [True, None, True, True, None, None, None]
    assert ["error" in one for one in answers] == [False, True, False, False, True, True, True]


def test_nothing_to_verify_is_a_wrong_use(run):
    assert run().exit_code == 2


def test_a_policy_of_ones_own_decides_about_algorithms(run, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text('[[digest]]\nnames = ["sha256"]\nrefuse_from = 2020-01-01\n')
    told = verdict(run("hash.xml", "--content", f"sha256:{HEX}", "--trust", "trust", "--policy", str(policy), "--json"))
    assert told["valid"] is False
    assert "weak_digest" in told["reason"]
    assert told["signatures"][0]["integrity"] == "passed"


@pytest.mark.parametrize("text", ["nonsense", '[[digest]]\ncolour = "red"\n', "[revocation]\nunknown = 7\n"])
def test_a_policy_that_cannot_be_used_ends_with_2(run, tmp_path, text):
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    result = run("hash.xml", "--policy", str(policy), "--json")
    assert result.exit_code == 2
    assert "policy.toml" in json.loads(result.output)["error"]


def test_a_batch_larger_than_there_are_processes_is_answered_in_order(run, folder):
    names = ["hash.xml", "act.pdf", "plain.pdf", "detached.xml"] * 5
    lines = [json.dumps({"case_id": number, "file": name}) for number, name in enumerate(names)]
    (folder / "many.jsonl").write_text("\n".join(lines))
    ready, *told = map(json.loads, run("--batch", "many.jsonl", "--trust", "trust").output.splitlines())
    assert ready == {"ready": True}
    assert [one["case_id"] for one in told] == list(range(20))
    assert [("error" in one) for one in told] == [name == "plain.pdf" for name in names]
