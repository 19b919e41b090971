"""Names that outside systems rely on."""

import pytest

from shared.messaging import events
from shared.messaging.events import routing_key
from shared.messaging.outcomes import delay_after
from shared.messaging.problems import pointer


@pytest.mark.parametrize(
    ("event_type", "key"),
    [
        (events.ACCEPTED, "sign_request.accepted.declaratii"),
        (events.SIGN_REJECTED, "sign_request.rejected.declaratii"),
        (events.READY, "sign_response.ready.declaratii"),
        (events.VERIFIED, "verification.completed.declaratii"),
        (events.VERIFICATION_REJECTED, "verification.rejected.declaratii"),
    ],
)
def test_an_events_routing_key_names_what_happened_and_the_system(event_type, key):
    assert routing_key(event_type, "declaratii") == key


def test_a_json_pointer_escapes_what_it_must():
    assert pointer(["data", "a/b", "c~d", 0]) == "/data/a~1b/c~0d/0"


def test_a_refused_event_waits_longer_each_time_but_at_most_a_minute():
    assert [delay_after(attempts).total_seconds() for attempts in (1, 2, 3, 40)] == [1, 2, 4, 60]
