"""What stands in for the provider's database where a test needs none?"""

from dataclasses import dataclass, field

from shared.contract.models import SignResult


@dataclass
class KeptResults:
    """The signatures of one pending request; with `open` False it is not pending any more."""

    signed: dict[int, SignResult] = field(default_factory=dict)
    open: bool = True

    async def results(self, request_id):
        return self.signed

    async def add_result(self, request_id, position, result):
        if self.open:
            self.signed[position] = result
        return self.open

    async def drop_results(self, request_id):
        self.signed.clear()


class AnyCertificate:
    """Finds every certificate good."""

    async def check(self, key):
        pass
