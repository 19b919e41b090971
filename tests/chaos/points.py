"""At which points can a service be killed? Named places around each commit, armed only by tests.

The service's own code knows nothing of this: the launcher (`service.py`) wraps the functions named here. A point is
reached inside the transaction ("before the commit") or after it; what is one statement has no inside: right before it.
"""

import importlib
import inspect
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any


@dataclass(frozen=True, slots=True)
class Point:
    """Before or after a call of `function` (module:qualified name) in `service`."""

    service: str
    name: str
    function: str
    after: bool = True


POINTS = (
    Point("sign_gateway", "intake_before_commit", "shared.persistence.intake:begin", after=False),
    Point("sign_gateway", "intake_before_ack", "shared.signing.admission:Admission.handle"),
    Point("sign_gateway", "post_after_claim", "services.sign_gateway.posting:Poster.post", after=False),
    Point("sign_gateway", "post_after_answer", "shared.contract.client:MSignClient.post_sign_request"),
    Point("sign_gateway", "post_before_commit", "shared.persistence.jobs:move_all", after=False),
    Point("sign_gateway", "post_after_commit", "services.sign_gateway.posting:Poster._accept"),
    Point("sign_gateway", "relay_after_hand", "shared.messaging.handed:Handed.wait"),
    Point("sign_gateway", "relay_before_mark", "shared.persistence.events:mark_published", after=False),
    Point("sign_gateway", "relay_after_mark", "shared.persistence.events:mark_published"),
    Point("sign_gateway", "poll_after_answer", "shared.contract.client:MSignClient.get_sign_response"),
    Point("callback_web", "return_after_claim", "shared.persistence.jobs:claim_collection"),
    Point("callback_web", "return_after_answer", "shared.contract.client:MSignClient.get_sign_response"),
    Point("callback_web", "return_before_commit", "shared.persistence.jobs:move_all", after=False),
    Point("callback_web", "return_after_commit", "shared.signing.collect:Collector._finish"),
    Point("callback_web", "relay_after_hand", "shared.messaging.handed:Handed.wait"),
    Point("verifier", "verify_after_claim", "services.verifier.verifying:Verifier.claim"),
    Point("verifier", "verify_after_answer", "shared.contract.client:MSignClient.verify_signatures"),
    Point("verifier", "verify_after_store", "shared.persistence.verdicts:put"),
    Point("verifier", "verify_before_commit", "shared.persistence.jobs:move"),
    Point("verifier", "verify_after_commit", "services.verifier.verifying:Verifier._complete"),
    Point("verifier", "relay_after_claim", "shared.persistence.events:claim_due"),
)


def arm(name: str, service: str) -> None:
    """Let this process be killed at the point of that name, the first time that the call did something."""
    (point,) = (one for one in POINTS if (one.name, one.service) == (name, service))
    module, _, path = point.function.partition(":")
    *outer, last = path.split(".")
    holder: Any = importlib.import_module(module)
    for step in outer:
        holder = getattr(holder, step)
    setattr(holder, last, _deadly(getattr(holder, last), after=point.after))


def _deadly(function: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    assert inspect.iscoroutinefunction(function)

    @wraps(function)
    async def deadly(*args: Any, **kwargs: Any) -> Any:
        if not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = await function(*args, **kwargs)
        if result is None or result:  # an empty claim is no work
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return deadly
