"""What happens in the demo? The ten steps of the signing process, then the verification process, each one checked."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msign_gateway.client import GatewayClient
from msign_gateway.demo import user
from msign_gateway.demo.browser import Browser
from msign_gateway.demo.documents import Record, records, two_page_pdf
from msign_gateway.demo.errors import expect
from msign_gateway.demo.mandates import MANDATES, Mandate
from msign_gateway.demo.people import Person, owner_of
from msign_gateway.demo.show import Notes, Show
from shared.messaging import events as wire
from shared.messaging.envelope import Event

Data = dict[str, Any]


def encoded(content: bytes) -> str:
    """Return base64 text."""
    return base64.b64encode(content).decode()


@dataclass
class Story:
    """Plays the steps as system `declaratii`; raises `DemoError` at the first thing that is not as it should be."""

    client: GatewayClient
    show: Show
    people: Sequence[Person]
    return_url: str
    output: Path
    _count: int = field(default=0, init=False)

    @property
    def _signer(self) -> Person:
        return self.people[0]

    async def play(self) -> None:
        """Play everything."""
        self.show.title("The signing process")
        hashes, pdf = records(), two_page_pdf(datetime.now(UTC))
        commands = await self._publish(hashes, pdf)
        things = ("hashes", "PDF")
        accepted = [await self._accepted(what, command) for what, command in zip(things, commands, strict=True)]
        signed = [await self._sign(what, event) for what, event in zip(things, accepted, strict=True)]
        self._keep_signatures(hashes, signed[0], signed[1])
        await self._cancelled(hashes[0])
        await self._bad_data()
        await self._with("nationalid", self._hash_job(hashes), "a PIN for each of the three", entries=3)
        await self._with("tax", self._pdf_job(pdf), "a key file and its password", entries=1)
        await self._with("mobile", self._hash_job(hashes[:1]), "the PIN on the phone", entries=1)
        await self._by_mandate(MANDATES[0], self._hash_job(hashes[:1]))
        self.show.title("The verification process")
        await self._verify_hashes(hashes, signed[0])
        await self._verify_pdf(signed[1])

    async def _publish(self, hashes: Sequence[Record], pdf: bytes) -> list[str]:
        async with self.show.step("1–3  declaratii publishes a sign job with three hashes, and one with a PDF") as note:
            commands = [
                await self.client.sign(self._hash_job(hashes)),
                await self.client.sign(self._pdf_job(pdf)),
            ]
            note(f"a PDF of {len(pdf)} bytes with two pages; commands {commands[0]} and {commands[1]}")
        return commands

    async def _accepted(self, what: str, command: str) -> Event:
        async with self.show.step(
            f"4    sign_gateway posted the {what} to MSign: accepted, with the way to the Sign Page"
        ) as note:
            event = await self._event(command, wire.ACCEPTED)
            note(f"RequestID {event.data['request_id']}, {event.data['sign_url'].partition('?')[0]}")
        return event

    async def _sign(self, what: str, accepted: Event) -> Event:
        person = self._signer
        async with self.show.step(f"5–9  {person.name} signs the {what} on the Sign Page and comes back") as note:
            async with Browser() as browser:
                query = (await user.sign(browser, accepted.data["sign_url"], person)).query
            expect(query.get("status") == "Success", f"the browser came back with {query}")
            expect(query.get("job_id") == accepted.data["job_id"], f"the browser came back with {query}")
            expect(query.get("relay_state") == "basket 7 ș", f"RelayState did not come back: {query}")
            note(f"with status={query['status']} and the system's own relay_state")
        async with self.show.step(
            f"10   callback_web fetched the SignResponse for the {what}: sign_response.ready"
        ) as note:
            event = await self._signed(accepted)
            note(f"{len(event.data['results'])} signature(s) by {event.data['results'][0]['signer']['subject']}")
        return event

    async def _with(self, instrument: str, job: Data, how: str, *, entries: int) -> None:
        """Play the whole way with another instrument, if somebody has it.

        `entries` says how often its page has to be filled in.
        """
        person = owner_of(instrument, self.people)
        if person is None:
            return
        async with self.show.step(f"1–10 {person.name} signs with {instrument}: {how}") as note:
            way = await self._whole_way(job | _expecting(person), person, note)
            expect(way.entries == entries, f"the Sign Page asked {way.entries} times instead of {entries}")

    async def _by_mandate(self, mandate: Mandate, job: Data) -> None:
        """Play the whole way with a signer who acts for somebody else."""
        person = next(one for one in self.people if one.idnp == mandate.who and not one.note)
        async with self.show.step(f"1–10 {mandate.described(self.people)}, and does") as note:
            await self._whole_way(job | {"expected_signer": mandate.expected_signer}, person, note)

    async def _whole_way(self, job: Data, person: Person, note: Notes) -> user.Way:
        accepted = await self._event(await self.client.sign(job), wire.ACCEPTED)
        async with Browser() as browser:
            way = await user.sign(browser, accepted.data["sign_url"], person)
        expect(way.query.get("status") == "Success", f"the browser came back with {way.query}")
        event = await self._signed(accepted)
        note(f"{len(event.data['results'])} signature(s) by {event.data['results'][0]['signer']['subject']}")
        return way

    async def _signed(self, accepted: Event) -> Event:
        event = await self._event(accepted.data["command_id"], wire.READY)
        expect(event.data["status"] == "Success", f"the SignResponse says {event.data['reason_code']}")
        for result in event.data["results"]:
            expect(result["checked"] == {"covers_content": True, "expected_signer": True}, f"{result['checked']}")
        return event

    async def _cancelled(self, record: Record) -> None:
        async with self.show.step("5–10 a third job is cancelled by the user and ends as Failure") as note:
            command = await self.client.sign(self._hash_job([record]))
            accepted = await self._event(command, wire.ACCEPTED)
            async with Browser() as browser:
                query = await user.cancel(browser, accepted.data["sign_url"])
            expect(query.get("status") == "Failure", f"the browser came back with {query}")
            event = await self._event(command, wire.READY)
            expect(event.data["status"] == "Failure", f"the SignResponse says {event.data['status']}")
            expect(event.data["reason_code"] == "declined", f"the reason is {event.data['reason_code']}")
            note(f"{event.data['reason_code']}: {event.data['message']}")

    async def _bad_data(self) -> None:
        async with self.show.step("4    a fourth job has bad data and ends as rejected") as note:
            bad = self._hash_job([]) | {"contents": [{"content": encoded(b"no digest")}], "msisdn": "call me"}
            event = await self._event(await self.client.sign(bad), wire.SIGN_REJECTED)
            for error in event.data["errors"]:
                note(f"{error['field']}: {error['code']}: {error['message']}")

    async def _verify_hashes(self, hashes: Sequence[Record], signed: Event) -> None:
        signatures = [base64.b64decode(result["signature"]) for result in signed.data["results"]]
        pairs = [(signature, record.digest) for signature, record in zip(signatures, hashes, strict=True)]
        await self._verify("the three XAdES signatures", "Hash", pairs, valid=True)
        other = [(signature, hashes[0].digest) for signature in signatures[1:]]
        await self._verify("the same over another record's hash", "Hash", other, valid=False)
        altered = [
            (with_digest_altered(signature), record.digest)
            for signature, record in zip(signatures, hashes, strict=True)
        ]
        await self._verify("altered copies of them", "Hash", altered, valid=False)

    async def _verify_pdf(self, signed: Event) -> None:
        pdf = base64.b64decode(signed.data["results"][0]["signature"])
        await self._verify("the signed PDF", "Pdf", [(pdf, None)], valid=True)
        changed = pdf.replace(b"Annex 1", b"Annex 9", 1)
        expect(changed != pdf, "the PDF holds its text in the clear")
        await self._verify("an altered copy of it", "Pdf", [(changed, None)], valid=False)

    async def _verify(
        self, what: str, content_type: str, pairs: Sequence[tuple[bytes, bytes | None]], *, valid: bool
    ) -> None:
        verdict = "valid" if valid else "invalid"
        async with self.show.step(f"{what}: {verdict}") as note:
            contents: list[Data] = [
                {"signature": encoded(signature), "correlation_id": str(number)}
                | ({} if content is None else {"content": encoded(content)})
                for number, (signature, content) in enumerate(pairs, start=1)
            ]
            command = await self.client.verify({"content_type": content_type, "language": "en", "contents": contents})
            event = await self._event(command, wire.VERIFIED)
            for result in event.data["results"]:
                expect(result["valid"] is valid, f"{what}: MSign says {result['message']}")
            note(describe(event.data["results"][0]))

    async def _event(self, command: str, wanted: str) -> Event:
        event = await self.client.next_event(command)
        self._count += 1
        name = f"{self._count:02d}-{event.type.removeprefix('msign.').removesuffix('.v1')}.json"
        text = json.dumps(event.model_dump(mode="json"), ensure_ascii=False, indent=2)
        (self.output / "events").mkdir(parents=True, exist_ok=True)
        (self.output / "events" / name).write_text(text + "\n", encoding="utf-8")
        expect(event.type == wanted, f"{event.type} came instead of {wanted}: {json.dumps(event.data)[:500]}")
        return event

    def _keep_signatures(self, hashes: Sequence[Record], xades: Event, pades: Event) -> None:
        for number, (record, result) in enumerate(zip(hashes, xades.data["results"], strict=True), start=1):
            (self.output / f"record-{number}.txt").write_text(record.text, encoding="utf-8")
            (self.output / f"record-{number}.xades.xml").write_bytes(base64.b64decode(result["signature"]))
        (result,) = pades.data["results"]
        (self.output / "report.signed.pdf").write_bytes(base64.b64decode(result["signature"]))

    def _job(self, **changes: object) -> Data:
        return (
            {
                "return_url": self.return_url,
                "relay_state": "basket 7 ș",
                "language": "en",
            }
            | _expecting(self._signer)
            | changes
        )

    def _pdf_job(self, pdf: bytes) -> Data:
        return self._job(
            content_type="Pdf",
            short_description="Annual report",
            signature_reason="Approved",
            contents=[{"content": encoded(pdf), "correlation_id": "report", "name": "report.pdf"}],
        )

    def _hash_job(self, hashes: Sequence[Record]) -> Data:
        return self._job(
            content_type="Hash",
            short_description="Tax declarations for 2026",
            contents=[
                {"content": encoded(record.digest), "correlation_id": str(number), "name": record.name}
                for number, record in enumerate(hashes, start=1)
            ],
        )


def _expecting(person: Person) -> Data:
    return {"expected_signer": {"id": person.idnp}}


def with_digest_altered(xades: bytes) -> bytes:
    """Return the XAdES document with one character of a DigestValue changed."""
    head, mark, tail = xades.partition(b"DigestValue>")
    return head + mark + (b"A" if tail[:1] != b"A" else b"B") + tail[1:]


def describe(result: Data) -> str:
    """Return a verdict in a line: the message, who signed and when."""
    people = [f"{one['subject']}, signed at {one['signed_at']}" for one in result["certificates"]]
    return "; ".join([result["message"], *people])
