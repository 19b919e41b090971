"""How is a PAdES-B-T or B-LT signature put into a PDF file? (`signature-profile.md`, EN 319 142-1)"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import cms_embedder
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfSigningSession
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from shared.errors import Malformed
from shared.signatures.pades.opening import UNREADABLE, open_pdf
from shared.signatures.pades.permissions import locks_out
from shared.signatures.pades.sameness import resolved

if TYPE_CHECKING:
    from datetime import datetime

    from pyhanko.pdf_utils.reader import PdfFileReader

    from shared.signatures.keys import SigningKey
    from shared.signatures.pades.proofs import Proofs
    from shared.signatures.timestamps import Timestamper

TOKEN_ROOM_BYTES = 12 * 1024
APPEND_ONLY = 3
"""The form's /SigFlags: there are signatures, and the file may only be extended (ISO 32000-2, table 225)."""


def flag_signed(writer: Any, lock_sig_flags: bool = True) -> None:
    """Tell in the form that there are signatures, and nothing else.

    pyHanko's own way takes out /NeedAppearances, too: then the form's values look otherwise than what was sent.
    """
    form = writer.root["/AcroForm"]
    if lock_sig_flags and form.get("/SigFlags") != APPEND_ONLY:
        form[generic.NameObject("/SigFlags")] = generic.NumberObject(APPEND_ONLY)  # type: ignore[no-untyped-call]
        writer.update_container(form)


setattr(cms_embedder, "ensure_sig_flags", flag_signed)  # noqa: B010 - mypy minds a function that is replaced


async def sign_pdf(
    pdf: bytes,
    key: SigningKey,
    timestamper: Timestamper,
    *,
    reason: str | None,
    signed_at: datetime,
    field: str | None = None,
    proofs: Proofs | None = None,
) -> bytes:
    """Sign a PDF file by an incremental update; signatures that it already carries stay valid.

    `reason` is shown as the signature's /Reason; `field` names the form field (a fresh name by default). With `proofs`
    the signature becomes one of level B-LT: it can be verified after its certificates have ended.

    Raises `Malformed` with the reason in words when the file is broken, encrypted, or certified against further
    changes; `Transient` when no timestamp, or a proof that was asked for, can be had.
    """
    reader = open_pdf(pdf)
    name = field or f"MSign-{uuid4()}"
    metadata = PdfSignatureMetadata(
        field_name=name,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=reason or None,
    )
    room = TOKEN_ROOM_BYTES + sum(len(_der(certificate)) for certificate in (key.certificate, *key.chain))
    output = io.BytesIO()
    try:
        if locks_out(reader, name):
            _refuse_locked()
        writer = _writer_behind(reader)
        signer = _TimedPdfSigner(metadata, _KeySigner(key), timestamper=_AdaptedTimestamper(timestamper))
        signer.signed_at = signed_at
        await signer.async_sign_pdf(writer, bytes_reserved=2 * room, output=output)
    except SigningError as error:
        raise Malformed(f"the PDF does not allow this signature: {error}", code="pdf_refuses") from error
    except (PdfError, *UNREADABLE) as error:
        raise Malformed("the PDF file is broken: it cannot be extended by a signature", code="pdf_broken") from error
    signed = output.getvalue()
    return signed if proofs is None else await proofs.added_to(signed)


def _writer_behind(reader: PdfFileReader) -> IncrementalPdfFileWriter:
    """A writer whose new objects replace none: some tools tell a /Size that is smaller than their objects' numbers.

    Document information that is not there is no reason to refuse a file: it gets some.
    """
    tables = reader.xrefs
    sections = (tables.explicit_refs_in_revision(one) for one in range(tables.total_revisions))
    writer = IncrementalPdfFileWriter.from_reader(reader)
    writer._lastobj_id = max(writer._lastobj_id, *(one.idnum for section in sections for one in section))
    if not isinstance(resolved(writer._info), generic.DictionaryObject):
        writer._info = None
    return writer


def _refuse_locked() -> NoReturn:
    raise SigningError("a signature in it locks it against further ones")


class _KeySigner(Signer):
    """pyHanko's view of a `SigningKey`."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register_multiple(_asn1(certificate) for certificate in key.chain)
        super().__init__(signing_cert=_asn1(key.certificate), cert_registry=registry)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if dry_run:
            return bytes(512)
        return await self._key.sign(data, digest_algorithm)


class _AdaptedTimestamper(TimeStamper):
    """pyHanko's view of a `Timestamper`."""

    def __init__(self, timestamper: Timestamper) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._timestamper = timestamper

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        return cms.ContentInfo.load(await self._timestamper.stamp(message_digest, md_algorithm))


class _TimedPdfSigner(PdfSigner):
    """A signer whose signatures tell the given time (/M) instead of the clock's."""

    signed_at: datetime

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.signed_at
        return session


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(_der(certificate))
