"""Does a key in a real PKCS#11 module sign for its owner, and for nobody else meanwhile?"""

import asyncio
import ctypes
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from services.msign.instruments.stores import Pkcs11Store
from services.msign.signing.batch import sign_batch
from shared.contract.models import ContentType, SignContent, SignRequest, SignStatus
from shared.errors import Bug, Transient
from shared.signatures.pkcs11 import NoSuchToken, Pkcs11Module, WrongPin
from shared.signatures.trust import TrustAnchors
from tests.documents import pdf_file
from tests.integration.msign_instruments.conftest import PIN
from tests.pki import TestPki
from tests.provider import KeptBatch, summary_of
from tests.verifying import verify_hash_signature, verify_pdf

DATA = b"what is signed"


@pytest.fixture
def tokens(softhsm):
    return Pkcs11Module(softhsm)


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
async def test_a_token_signs_with_every_digest_as_its_certificate_says(tokens, digest):
    async with tokens.open("moldsign-1", PIN) as key:
        signature = await key.sign(DATA, digest)
        public = key.certificate.public_key()
        assert len(key.chain) == 2
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(signature, DATA, padding.PKCS1v15(), getattr(hashes, digest.upper())())


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
async def test_a_curve_signs_too(tokens, digest):
    async with tokens.open("securesign-1", PIN) as key:
        signature = await key.sign(DATA, digest)
        public = key.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, DATA, ec.ECDSA(getattr(hashes, digest.upper())()))


async def test_the_pin_is_checked_at_every_opening(tokens):
    for _ in range(3):
        with pytest.raises(WrongPin):
            async with tokens.open("moldsign-1", "999999"):
                pass
        async with tokens.open("moldsign-1", PIN) as key:
            assert await key.sign(DATA)


async def test_a_wrong_pin_leaves_no_session_open(tokens, softhsm):
    async with tokens.open("moldsign-2", PIN):
        for _ in range(3):
            with pytest.raises(WrongPin):
                await opened(tokens, "moldsign-1", "999999")
        assert sessions_of(softhsm) == 1
    assert sessions_of(softhsm) == 0


async def test_a_wrong_pin_does_not_pass_while_the_owner_is_logged_in(tokens):
    async with tokens.open("moldsign-1", PIN) as key:
        intruder = asyncio.create_task(opened(tokens, "moldsign-1", "999999"))
        assert await key.sign(DATA)
        assert not intruder.done()
    with pytest.raises(WrongPin):
        await intruder


async def test_users_of_one_token_take_turns_and_all_sign(tokens):
    signatures = await asyncio.gather(*(opened(tokens, "moldsign-1", PIN) for _ in range(6)))
    assert len(set(signatures)) == 1


async def test_users_of_two_tokens_do_not_wait_for_each_other(tokens):
    async with tokens.open("moldsign-1", PIN) as first, tokens.open("moldsign-2", PIN) as second:
        assert await first.sign(DATA) == await second.sign(DATA)


async def test_a_key_is_of_no_use_once_its_block_has_ended(tokens):
    async with tokens.open("moldsign-1", PIN) as key:
        pass
    with pytest.raises(Transient):
        await key.sign(DATA)


async def test_a_user_who_goes_while_the_token_opens_leaves_it_to_the_next(tokens):
    going = asyncio.create_task(opened(tokens, "moldsign-1", PIN))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert await opened(tokens, "moldsign-1", PIN)


async def test_an_identity_card_wants_its_pin_for_each_signature(tokens):
    async with tokens.open("nationalid-1", PIN) as key:
        assert key.pin_per_signature
        assert await key.sign(DATA)
        with pytest.raises(Bug, match="before each signature"):
            await key.sign(DATA)


async def test_the_card_itself_refuses_a_second_signature_without_the_pin(softhsm):
    with pkcs11.lib(str(softhsm)).get_token(token_label="nationalid-1").open(user_pin=PIN) as session:
        key: Any = next(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}))
        assert key.sign(DATA, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS, pin=PIN)
        with pytest.raises(pkcs11.UserNotLoggedIn):
            key.sign(DATA, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS)


async def test_a_token_that_is_not_there_is_said_to_be_missing(tokens):
    assert not await tokens.has("moldsign-3")
    with pytest.raises(NoSuchToken):
        async with tokens.open("moldsign-3", PIN):
            pass


async def test_the_key_does_not_leave_the_token(softhsm):
    with pkcs11.lib(str(softhsm)).get_token(token_label="moldsign-1").open(user_pin=PIN) as session:
        (key,) = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.PRIVATE_EXPONENT]


async def test_xmlsec1_accepts_what_a_token_signs(softhsm, tmp_path):
    pki = TestPki.make()
    request = SignRequest(
        content_type=ContentType.HASH, short_content_description="x", contents=(SignContent(content=bytes(32)),)
    )
    kept = await signed_by(softhsm, request)
    report = await verify_hash_signature(kept, bytes(32), TrustAnchors.of([pki.root.certificate]))
    assert report.valid, report
    (tmp_path / "signature.xml").write_bytes(kept)
    for name, authority in (("root", pki.root), ("issuing", pki.issuing)):
        (tmp_path / f"{name}.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    code, output = await run(
        "xmlsec1", "--verify", "--trusted-pem", tmp_path / "root.pem", "--untrusted-pem", tmp_path / "issuing.pem",
        "--id-attr:Id", "Object", "--id-attr:Id", "SignedProperties", tmp_path / "signature.xml",
    )  # fmt: skip
    assert code == 0, output


async def test_pdfsig_accepts_what_a_token_signs(softhsm, tmp_path):
    request = SignRequest(
        content_type=ContentType.PDF, short_content_description="x", contents=(SignContent(content=pdf_file("1")),)
    )
    kept = await signed_by(softhsm, request)
    report = await verify_pdf(kept, TrustAnchors.of([TestPki.make().root.certificate]))
    assert report.valid, report
    (tmp_path / "signed.pdf").write_bytes(kept)
    _, output = await run("pdfsig", "-nocert", tmp_path / "signed.pdf")
    assert "Signature is Valid" in output, output


def sessions_of(module: Path) -> int:
    """How many sessions are open in this process, by the module's own word for every handle that it gave out."""
    last: Any = pkcs11.lib(str(module)).get_token(token_label="securesign-1").open()
    with last:
        handles = range(1, last.handle)
        ask = ctypes.CDLL(str(module)).C_GetSessionInfo
        told = ctypes.create_string_buffer(64)
        return sum(ask(ctypes.c_ulong(handle), told) == 0 for handle in handles)


async def opened(tokens: Pkcs11Module, label: str, pin: str) -> bytes:
    async with tokens.open(label, pin) as key:
        return await key.sign(DATA)


async def signed_by(softhsm: Path, request: SignRequest) -> bytes:
    kept = KeptBatch(request.contents)
    async with Pkcs11Store(softhsm).open("moldsign-1", PIN) as key:
        outcome = await sign_batch(summary_of(request), key, TestPki.make().timestamper, kept)
    assert outcome.status is SignStatus.SUCCESS
    signature = kept.signed[0].signature
    assert signature
    return signature


async def run(*command: object) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()
