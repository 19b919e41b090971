import asyncio

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from services.msign.instruments.instrument import Refusal, Refused
from services.msign.instruments.stores import FileStore
from services.msign.instruments.tokens import Tokens
from shared.contract.models import Instrument
from shared.signatures.certificates import personal_number
from tests.pki import IDNP, TestPki, rsa_key
from tests.provider import AnyCertificate

PIN = "4321"


class CountedTries:
    def __init__(self) -> None:
        self.used: dict[str, int] = {}

    async def take(self, token):
        used = self.used.get(token, 0)
        if used >= 3:
            return None
        self.used[token] = used + 1
        return 2 - used

    async def give_back(self, token):
        self.used[token] -= 1

    async def succeeded(self, token):
        self.used[token] = 0


@pytest.fixture
def tries():
    return CountedTries()


@pytest.fixture
def tokens(tmp_path, tries):
    signer = TestPki.make().signer
    data = pkcs12.serialize_key_and_certificates(
        b"token", rsa_key("md-person"), signer.certificate, signer.chain, BestAvailableEncryption(PIN.encode())
    )
    (tmp_path / f"moldsign-{IDNP}.p12").write_bytes(data)
    return Tokens(Instrument.MOLDSIGN, FileStore(tmp_path), tries, AnyCertificate())


async def refusal(tokens: Tokens, **form: str) -> tuple[Refusal, int | None]:
    with pytest.raises(Refused) as caught:
        async with tokens.open(form):
            pass
    return caught.value.why, caught.value.tries_left


async def test_the_right_pin_opens_the_key_of_its_owner(tokens):
    async with tokens.open({"IDNP": f" {IDNP} ", "PIN": PIN}) as opened:
        assert personal_number(opened.key.certificate) == IDNP
        assert not opened.pin_per_document


async def test_three_wrong_pins_lock_the_token_even_for_the_right_one(tokens):
    assert await refusal(tokens, IDNP=IDNP, PIN="0000") == (Refusal.WRONG_PIN, 2)
    assert await refusal(tokens, IDNP=IDNP, PIN="") == (Refusal.WRONG_PIN, 1)
    assert await refusal(tokens, IDNP=IDNP, PIN="x" * 500) == (Refusal.LOCKED, None)
    assert await refusal(tokens, IDNP=IDNP, PIN=PIN) == (Refusal.LOCKED, None)


async def test_the_right_pin_gives_all_tries_back(tokens):
    await refusal(tokens, IDNP=IDNP, PIN="0000")
    async with tokens.open({"IDNP": IDNP, "PIN": PIN}):
        pass
    assert await refusal(tokens, IDNP=IDNP, PIN="0000") == (Refusal.WRONG_PIN, 2)


async def test_guesses_made_at_once_share_three_tries(tokens):
    outcomes = await asyncio.gather(*(refusal(tokens, IDNP=IDNP, PIN=f"000{n}") for n in range(6)))
    assert sorted(why for why, _ in outcomes) == [Refusal.LOCKED] * 4 + [Refusal.WRONG_PIN] * 2


@pytest.mark.parametrize("idnp", ["", "2000000000001", "../moldsign-x", "２０００００００００００７"])
async def test_a_token_that_there_is_not_costs_nothing(tokens, tries, idnp):
    assert (await refusal(tokens, IDNP=idnp, PIN=PIN))[0] is Refusal.UNKNOWN_TOKEN
    assert not tries.used


async def test_the_personal_number_is_not_what_tries_are_counted_under(tokens, tries):
    await refusal(tokens, IDNP=IDNP, PIN="0000")
    assert not any(IDNP in token for token in tries.used)
