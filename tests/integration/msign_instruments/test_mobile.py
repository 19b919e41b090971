"""Do page and phone meet in the database, whatever either of them does?"""

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from services.msign.instruments import mobile
from services.msign.instruments.instrument import Refusal, Refused
from services.msign.instruments.mobile import Mobile, NotWaiting, Transaction, TransactionState
from services.msign.instruments.pins import PinnedTokens
from services.msign.instruments.stores import FileStore
from services.msign.instruments.tries import StoredTries
from shared.errors import Transient
from shared.persistence.pool import open_pool
from shared.signatures.certificates import personal_number
from tests.pki import IDNP, TestPki, rsa_key
from tests.provider import pool_with_requests

PHONE, OTHER_PHONE, PIN = "37369000017", "37369000031", "1717"
FIRST, SECOND = "a" * 32, "b" * 32


class Checked:
    """Looks at certificates with the answer of the test."""

    def __init__(self) -> None:
        self.refusal: Refusal | None = None

    async def check(self, key):
        if self.refusal:
            raise Refused(self.refusal)


@pytest.fixture
def certificates():
    return Checked()


@pytest.fixture
async def pool(msign_database_url):
    async with pool_with_requests(msign_database_url, FIRST, SECOND) as pool:
        yield pool


@pytest.fixture
def open_mobile(tmp_path, certificates):
    signer = TestPki.make().signer
    data = pkcs12.serialize_key_and_certificates(
        b"sim", rsa_key("md-person"), signer.certificate, signer.chain, BestAvailableEncryption(PIN.encode())
    )
    for phone in (PHONE, OTHER_PHONE):
        (tmp_path / f"mobile-{phone}.p12").write_bytes(data)

    def opened(pool, **settings):
        tries = StoredTries(pool)
        sims = PinnedTokens(FileStore(tmp_path), tries, certificates)
        return Mobile(pool, sims, tries, {PHONE: IDNP, OTHER_PHONE: "2000000000031"}, **settings)

    return opened


@pytest.fixture
def phones(pool, open_mobile):
    return open_mobile(pool)


async def begin(phones: Mobile, **changes: str) -> Transaction:
    call = {"request_id": FIRST, "msisdn": PHONE, "idnp": IDNP, "browser": "browser-1"}
    return await phones.begin(**call | changes, description="Declarație", consumer="declaratii")


async def refusal(phones: Mobile, transaction_id: str, pin: str) -> tuple[Refusal, int | None]:
    with pytest.raises(Refused) as caught:
        async with phones.open(transaction_id, pin):
            pass
    return caught.value.why, caught.value.tries_left


async def state_of(phones: Mobile, transaction_id: str) -> tuple[TransactionState, str | None]:
    found = await phones.get(transaction_id)
    assert found
    return found.state, found.reason


async def test_a_call_rings_at_its_number_and_is_followed_in_its_browser_only(phones):
    begun = await begin(phones)
    assert begun.state is TransactionState.WAITING
    assert len(begun.code) == 4
    assert begun.code.isdigit()
    assert await phones.ringing(PHONE) == (begun,)
    assert await phones.ringing(OTHER_PHONE) == ()
    assert await phones.of(FIRST, "browser-1") == begun
    assert await phones.of(FIRST, "browser-2") is None


async def test_the_page_reloaded_follows_the_same_call(phones):
    begun = await begin(phones)
    assert await begin(phones) == begun
    assert (await begin(phones, browser="browser-2")).id != begun.id
    assert (await begin(phones, request_id=SECOND)).id != begun.id


@pytest.mark.parametrize(
    "wrong",
    [{"msisdn": "37369999999"}, {"idnp": "2000000000031"}, {"idnp": ""}, {"msisdn": "", "idnp": ""}],
    ids=["number", "owner", "nobody", "nothing"],
)
async def test_a_number_and_a_person_that_do_not_belong_together_are_refused_alike(phones, wrong):
    with pytest.raises(Refused) as caught:
        await begin(phones, **wrong)
    assert caught.value.why is Refusal.UNKNOWN_SUBSCRIBER


async def test_a_phone_cannot_be_flooded(pool, phones):
    for number in range(mobile.MAX_CALLS):
        await begin(phones, browser=f"browser-{number}")
    with pytest.raises(Refused) as caught:
        await begin(phones, browser="one-more")
    assert caught.value.why is Refusal.TOO_MANY_CALLS
    assert caught.value.wait
    assert timedelta(minutes=9) < caught.value.wait <= mobile.CALLS_WINDOW
    await begin(phones, browser="browser-0")  # still waits: no new call
    await begin(phones, msisdn=OTHER_PHONE, idnp="2000000000031", browser="one-more")
    await pool.execute("UPDATE phone_transactions SET created_at = created_at - interval '11 minutes'")
    await begin(phones, browser="one-more")


async def test_calls_begun_at_once_are_counted_one_by_one(phones):
    outcomes = await asyncio.gather(
        *(begin(phones, browser=f"browser-{number}") for number in range(mobile.MAX_CALLS + 4)), return_exceptions=True
    )
    assert sum(isinstance(one, Transaction) for one in outcomes) == mobile.MAX_CALLS


async def test_tabs_that_begin_at_once_share_one_call(phones):
    begun = await asyncio.gather(*(begin(phones) for _ in range(6)))
    assert len({one.id for one in begun}) == 1


async def test_the_right_pin_opens_the_sims_key_and_the_page_sees_it_sign(phones):
    begun = await begin(phones)
    async with phones.open(begun.id, PIN) as opened:
        assert personal_number(opened.key.certificate) == IDNP
        assert await opened.key.sign(b"data")
        assert (await state_of(phones, begun.id))[0] is TransactionState.SIGNING
        assert await phones.ringing(PHONE) == ()
        assert await phones.end(begun.id, TransactionState.SIGNED)
    assert (await state_of(phones, begun.id)) == (TransactionState.SIGNED, None)


async def test_three_wrong_pins_lock_the_sim_and_end_the_call(phones):
    begun = await begin(phones)
    assert await refusal(phones, begun.id, "0000") == (Refusal.WRONG_PIN, 2)
    assert await refusal(phones, begun.id, "x") == (Refusal.WRONG_PIN, 1)
    assert (await state_of(phones, begun.id))[0] is TransactionState.WAITING
    assert await refusal(phones, begun.id, "0000") == (Refusal.LOCKED, None)
    assert await state_of(phones, begun.id) == (TransactionState.FAILED, "locked")
    with pytest.raises(Refused) as caught:
        await begin(phones, browser="browser-2")
    assert caught.value.why is Refusal.LOCKED


async def test_a_lock_outlives_the_process_and_holds_for_every_other(phones, open_mobile, msign_database_url):
    begun = await begin(phones)
    for _ in range(3):
        await refusal(phones, begun.id, "0000")
    async with open_pool(msign_database_url) as pool:
        with pytest.raises(Refused) as caught:
            await begin(open_mobile(pool))
    assert caught.value.why is Refusal.LOCKED


@pytest.mark.parametrize("why", [Refusal.CERTIFICATE_EXPIRED, Refusal.CERTIFICATE_REVOKED])
async def test_a_certificate_that_is_not_good_ends_the_call_with_the_reason(phones, certificates, why):
    certificates.refusal = why
    begun = await begin(phones)
    assert (await refusal(phones, begun.id, PIN))[0] is why
    assert await state_of(phones, begun.id) == (TransactionState.FAILED, why.value)


async def test_a_status_that_cannot_be_had_now_leaves_the_phone_ringing(phones, certificates):
    certificates.refusal = Refusal.STATUS_UNKNOWN
    begun = await begin(phones)
    assert (await refusal(phones, begun.id, PIN))[0] is Refusal.STATUS_UNKNOWN
    assert await phones.ringing(PHONE) == (begun,)


async def test_signing_that_breaks_off_lets_the_phone_ring_again(phones):
    begun = await begin(phones)
    with pytest.raises(Transient):
        async with phones.open(begun.id, PIN):
            raise Transient("no timestamp")
    assert [one.id for one in await phones.ringing(PHONE)] == [begun.id]
    async with phones.open(begun.id, PIN):
        assert await phones.end(begun.id, TransactionState.SIGNED)


async def test_of_pins_entered_at_once_one_signs(phones):
    begun = await begin(phones)
    inside, leave = asyncio.Event(), asyncio.Event()

    async def sign() -> None:
        async with phones.open(begun.id, PIN):
            inside.set()
            await leave.wait()
            await phones.end(begun.id, TransactionState.SIGNED)

    first = asyncio.create_task(sign())
    await inside.wait()
    with pytest.raises(NotWaiting):
        async with phones.open(begun.id, PIN):
            pass
    leave.set()
    await first
    assert (await state_of(phones, begun.id))[0] is TransactionState.SIGNED


async def test_a_refused_call_takes_no_pin_and_is_ended_once(phones):
    begun = await begin(phones)
    assert await phones.end(begun.id, TransactionState.REFUSED)
    assert not await phones.end(begun.id, TransactionState.SIGNED)
    with pytest.raises(NotWaiting):
        async with phones.open(begun.id, PIN):
            pass
    assert await state_of(phones, begun.id) == (TransactionState.REFUSED, None)
    assert (await begin(phones)).id != begun.id


async def test_a_call_that_nobody_answers_times_out_and_may_be_made_again(pool, open_mobile):
    late = open_mobile(pool, timeout=timedelta(0))
    begun = await begin(late)
    assert await late.ringing(PHONE) == ()
    assert (await state_of(late, begun.id))[0] is TransactionState.TIMED_OUT
    with pytest.raises(NotWaiting):
        async with late.open(begun.id, PIN):
            pass
    assert not await late.end(begun.id, TransactionState.REFUSED)
    assert (await begin(open_mobile(pool))).state is TransactionState.WAITING


@pytest.mark.parametrize("change", ["status = 'Failure'", "expires_at = now()"])
async def test_a_phone_stops_ringing_when_the_request_was_decided_elsewhere_or_has_expired(pool, phones, change):
    await begin(phones)
    await pool.execute(f"UPDATE sign_requests SET {change} WHERE request_id = $1", FIRST)
    assert await phones.ringing(PHONE) == ()


async def test_a_call_whose_signer_crashed_times_out(pool, phones):
    begun = await begin(phones)
    await pool.execute(
        "UPDATE phone_transactions SET state = 'signing', expires_at = now() - interval '1 second' WHERE id::text = $1",
        begun.id,
    )
    assert (await state_of(phones, begun.id))[0] is TransactionState.TIMED_OUT


@pytest.mark.parametrize("transaction_id", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
async def test_a_call_that_there_is_not_is_none(phones, transaction_id):
    assert await phones.get(transaction_id) is None
    with pytest.raises(NotWaiting):
        async with phones.open(transaction_id, PIN):
            pass


async def test_numbers_are_forgotten_with_their_request(pool, phones):
    await begin(phones)
    await pool.execute("DELETE FROM sign_requests WHERE request_id = $1", FIRST)
    assert await pool.fetchval("SELECT count(*) FROM phone_transactions") == 0
