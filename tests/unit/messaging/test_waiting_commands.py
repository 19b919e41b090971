"""Do as many commands fit into memory as the broker hands over at once, each as large as it can be?"""

import re
from pathlib import Path

import pytest

from shared.messaging.intake import PREFETCH
from shared.signing.settings import GatewaySettings

SERVICES = Path(__file__).parents[3] / "deploy" / "k8s" / "base"


@pytest.mark.parametrize("service", ["sign-gateway", "verifier"])
def test_commands_that_wait_leave_memory_for_the_work_on_them(service):
    limit = re.search(r"limits: \{.*memory: (\d+)Gi", (SERVICES / f"{service}.yaml").read_text())
    assert limit is not None
    as_base64 = GatewaySettings.model_fields["inline_bytes"].default * 4 // 3
    assert PREFETCH * as_base64 <= int(limit[1]) * 1024**3 * 0.55
