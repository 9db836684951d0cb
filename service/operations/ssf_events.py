"""What a Shared Signals receiver can be told, by the names that its standards give it."""

from collections.abc import Iterable
from typing import Final

_CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
_RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
_SSF: Final = "https://schemas.openid.net/secevent/ssf/event-type/"

SESSION_REVOKED: Final = f"{_CAEP}session-revoked"
ACCOUNT_DISABLED: Final = f"{_RISC}account-disabled"
ACCOUNT_ENABLED: Final = f"{_RISC}account-enabled"
RECOVERY_INFORMATION_CHANGED: Final = f"{_RISC}recovery-information-changed"
# About the stream itself: sent whether or not they were asked for.
VERIFICATION: Final = f"{_SSF}verification"
STREAM_UPDATED: Final = f"{_SSF}stream-updated"

SUPPORTED: Final = (
    SESSION_REVOKED,
    ACCOUNT_DISABLED,
    ACCOUNT_ENABLED,
    RECOVERY_INFORMATION_CHANGED,
)
# Why a receiver did not take a token: RFC 8935, section 2.4, and SSF 1.0, section 8.1.4.1.
_REFUSALS: Final = frozenset(
    {"invalid_request", "invalid_key", "invalid_issuer", "invalid_audience", "invalid_state"}
)
# Of these two the token itself is not to blame.
ABOUT_US: Final = frozenset({"authentication_failed", "access_denied"})


def refusal(err: str) -> str:
    """The code of a refusal. What a receiver invents is repeated nowhere: it may be anything."""
    return err if err in _REFUSALS or err in ABOUT_US else "invalid_request"


def delivered(requested: Iterable[str]) -> tuple[str, ...]:
    """What a stream is told of what its receiver asked for; everything if it named nothing."""
    wanted = set(requested)
    return tuple(name for name in SUPPORTED if not wanted or name in wanted)
