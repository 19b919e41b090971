"""What was counted since a test began?"""

import math

from prometheus_client import REGISTRY

from shared.telemetry import metrics


class Counted:
    """Differences of samples, found by their name and labels, since this was made."""

    def __init__(self) -> None:
        self._before = _samples()

    def __call__(self, name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return _samples().get(key, 0) - self._before.get(key, 0)


def shown(name: str, **labels: str) -> float:
    """The sample as it is now, NaN if there is no such one."""
    return _samples().get((name, frozenset(labels.items())), math.nan)


def _samples() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for registry in (REGISTRY, metrics.STATE)
        for metric in registry.collect()
        for sample in metric.samples
    }
