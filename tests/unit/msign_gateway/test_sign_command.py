"""What is asked for files, where their results go, and what is refused before anything is asked."""

import hashlib
import json

import pytest
from typer.testing import CliRunner

from msign_gateway.cli import app
from msign_gateway.client.contents import ContentStore
from msign_gateway.commands.sign_files import Order, command, papers, result_of, write
from shared.errors import Malformed
from shared.messaging.commands import SignRequestData

RETURN_URL = "https://declaratii.example/back"
NOWHERE = "amqp://declaratii@127.0.0.1:1/none"


@pytest.fixture
def pdf(tmp_path):
    file = tmp_path / "act.pdf"
    file.write_bytes(b"%PDF-1.7 an act")
    return file


def order(*files, **wishes):
    return Order(files=files, return_url=RETURN_URL, **wishes)


def asked(given, refs=None):
    """The command as the gateway reads it."""
    return SignRequestData.model_validate(command(given, papers(given), refs or {}))


def run(*arguments):
    environment = {"AMQP_URL": NOWHERE, "RETURN_URL": RETURN_URL}
    return CliRunner().invoke(app, ["sign", *map(str, arguments)], env=environment)


def test_a_pdf_is_sent_whole_and_under_its_name(pdf):
    said = asked(order(pdf))
    assert (said.content_type, said.short_description, said.language) == ("Pdf", "act.pdf", "ro")
    assert (said.contents[0].content, said.contents[0].name) == (pdf.read_bytes(), "act.pdf")


def test_of_a_file_that_is_hashed_only_the_digest_is_sent(tmp_path):
    (tmp_path / "act.txt").write_bytes(b"an act")
    said = asked(order(tmp_path / "act.txt", as_hash=True))
    assert (said.content_type, said.contents[0].content) == ("Hash", hashlib.sha256(b"an act").digest())


def test_every_wish_is_passed_on(pdf):
    said = asked(order(pdf, description="Cerere", language="en", instrument="mobile", signer="2000000000001"))
    assert said.expected_signer is not None
    assert (said.short_description, said.language, said.instrument, said.expected_signer.id) == (
        "Cerere",
        "en",
        "mobile",
        "2000000000001",
    )


def test_a_stored_content_is_referred_to(pdf):
    ref = f"sha256:{hashlib.sha256(pdf.read_bytes()).hexdigest()}"
    said = asked(order(pdf), {"1": ref}).contents[0]
    assert (said.content, said.content_ref) == (None, ref)


def test_many_long_names_still_make_a_description_that_is_short_enough(tmp_path):
    files = [tmp_path / f"{number}{'a' * 40}.txt" for number in range(9)]
    for file in files:
        file.touch()
    assert len(asked(order(*files, as_hash=True)).short_description) == 90


@pytest.mark.parametrize(
    ("name", "as_hash", "result"),
    [("act.pdf", False, "act.signed.pdf"), ("act", False, "act.signed.pdf"), ("act.pdf", True, "act.pdf.xades.xml")],
)
def test_a_result_lies_beside_its_file_or_in_the_directory_for_results(tmp_path, name, as_hash, result):
    assert result_of(tmp_path / name, order(as_hash=as_hash)) == tmp_path / result
    elsewhere = tmp_path / "out"
    assert result_of(tmp_path / name, order(as_hash=as_hash, out=elsewhere)) == elsewhere / result


def test_what_cannot_be_signed_is_a_sentence_that_names_the_file(tmp_path, pdf):
    text = tmp_path / "note.txt"
    text.write_text("an act")
    (tmp_path / "act.signed.pdf").touch()
    refused = [
        (order(tmp_path / "none.pdf"), "No such file"),
        (order(tmp_path), "Is a directory"),
        (order(text), "is not a PDF file"),
        (order(pdf), "is there already"),
        (order(pdf, pdf, as_hash=True), "over another's"),
        (order(pdf, out=text), "is not a directory"),
    ]
    for given, sentence in refused:
        with pytest.raises(Malformed, match=sentence):
            papers(given)


def test_force_allows_to_write_over_a_result(pdf):
    pdf.with_name("act.signed.pdf").touch()
    (paper,) = papers(order(pdf, force=True))
    write(paper, b"signed")
    assert paper.result.read_bytes() == b"signed"


def test_a_result_that_cannot_be_written_leaves_nothing_behind(pdf):
    (paper,) = papers(order(pdf))
    paper.result.mkdir()
    with pytest.raises(OSError, match="directory"):
        write(paper, b"signed")
    assert sorted(path.name for path in pdf.parent.iterdir()) == ["act.pdf", "act.signed.pdf"]


def test_a_file_that_is_not_there_ends_with_code_2_and_one_sentence(tmp_path):
    result = run(tmp_path / "none.pdf")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"sign: {tmp_path}/none.pdf: No such file or directory\n"


def test_a_broker_that_is_not_there_ends_with_code_2_and_a_sentence(pdf):
    result = run(pdf)
    assert result.exit_code == 2
    assert result.stderr.startswith("sign: the broker of AMQP_URL cannot be used")


def test_for_scripts_a_problem_is_json_too(tmp_path):
    result = run(tmp_path / "none.pdf", "--json")
    assert (result.exit_code, json.loads(result.stdout)["event"]) == (2, "error")


def test_a_url_without_a_systems_name_is_refused(pdf):
    result = run(pdf, "--amqp-url", "amqp://127.0.0.1:1/none")
    assert result.exit_code == 2
    assert "system ''" in result.stderr


def test_more_than_a_message_holds_needs_the_gateways_address(pdf):
    pdf.write_bytes(b"%PDF-1.7" + bytes(4 * 1024 * 1024))
    result = run(pdf)
    assert result.exit_code == 2
    assert "--gateway-url" in result.stderr


def test_the_gateways_address_must_be_one():
    with pytest.raises(Malformed, match="http"):
        ContentStore("file:///etc", "token")


@pytest.mark.parametrize("missing", ["AMQP_URL", "RETURN_URL"])
def test_what_is_required_is_asked_for(pdf, missing):
    environment = {"AMQP_URL": NOWHERE, "RETURN_URL": RETURN_URL, missing: None}
    assert CliRunner().invoke(app, ["sign", str(pdf)], env=environment).exit_code == 2
