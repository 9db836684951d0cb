"""Shared Signals as a receiver meets them: what the tokens say, and how they are sent.

The resources under `/ssf` are `service.api.ssf`; queueing, order and leases are the engine's.
"""

from service.signals.ssf.push import Push
from service.signals.ssf.sets import Sets

__all__ = ["Push", "Sets"]
