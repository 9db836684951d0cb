"""The kinds of receivers, joined for the engine."""

from service.operations.house import House
from service.operations.receivers import Kinds
from service.signals.ssf import Push, Sets
from service.signals.webhook import Webhook
from service.storage.values import StreamKind


def kinds(house: House) -> Kinds:
    """One of each, for one process."""
    signing = house.keys.signing
    return {
        StreamKind.WEBHOOK: Webhook(),
        StreamKind.PUSH: Push(signing),
        StreamKind.POLL: Sets(signing),
    }
