"""What operators change of wallets and their programs, and what those programs change of their own.

Nobody is told: these are for whoever reads the record. A key's id, an address to send to and a
description are somebody's words, so none of them stands here.
"""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AccountId, ClientId, StreamId, WalletId


class WalletMade(Event, frozen=True, kw_only=True):
    """The first entry of its chain."""

    wallet_id: WalletId


class WalletIssuerChanged(Event, frozen=True, kw_only=True):
    """Whose tokens owners come with; without one, nobody's."""

    wallet_id: WalletId
    has_one: bool


class WalletPolicyChanged(Event, frozen=True, kw_only=True):
    """Its numbers. Deadlines that were given keep what they had."""

    wallet_id: WalletId


class ClientMade(Event, frozen=True, kw_only=True):
    client_id: ClientId
    scopes: tuple[str, ...]
    # Of a client that signs; none, if it has a secret.
    keys: int


class ClientSecretRotated(Event, frozen=True, kw_only=True):
    client_id: ClientId
    # The one before it ended at once, and every token with it.
    at_once: bool


class ClientSecretEnded(Event, frozen=True, kw_only=True):
    client_id: ClientId


class ClientKeysAdded(Event, frozen=True, kw_only=True):
    client_id: ClientId
    keys: int


class ClientKeyRemoved(Event, frozen=True, kw_only=True):
    client_id: ClientId
    at_once: bool


class ClientCapChanged(Event, frozen=True, kw_only=True):
    """How far ahead the end of a session is told to it; without a number, as it is."""

    client_id: ClientId
    seconds: int | None


class ClientEnded(Event, frozen=True, kw_only=True):
    client_id: ClientId


class StreamMade(Event, frozen=True, kw_only=True):
    client_id: ClientId
    stream_id: StreamId
    kind: str


class StreamChanged(Event, frozen=True, kw_only=True):
    client_id: ClientId
    stream_id: StreamId
    kind: str
    # Somebody else listens there from now on.
    moved: bool


class StreamStatusSet(Event, frozen=True, kw_only=True):
    client_id: ClientId
    stream_id: StreamId
    kind: str
    status: str


class StreamSecretRenewed(Event, frozen=True, kw_only=True):
    client_id: ClientId
    stream_id: StreamId


class StreamSubjectChosen(Event, frozen=True, kw_only=True):
    """Which account it is told about. Not of that account's own history: it changes nothing
    there, so the account stands under another name."""

    client_id: ClientId
    stream_id: StreamId
    about_id: AccountId
    added: bool


class StreamEnded(Event, frozen=True, kw_only=True):
    client_id: ClientId
    stream_id: StreamId
    kind: str


class SigningKeyRotated(Event, frozen=True, kw_only=True):
    """A new one is published now, and signs a day later."""

    algorithm: str


class SigningKeyRetired(Event, frozen=True, kw_only=True):
    """What it signed is not accepted any more."""

    # Since when nothing is signed with it.
    unused_since: datetime
