"""Security Event Tokens (RFC 8417): which of our events a receiver is told of, and in which words.

    header  typ secevent+jwt, alg, kid
    claims  iss, iat, jti, aud, txn, sub_id, events; no `sub`, no `exp`

`sub_id` is of the format iss_sub: `iss` is this transmitter, `sub` the wallet's own id of its user,
the one of `/v1/accounts/{subject}`. So a receiver needs no other document to know who is meant,
and it stays the same when the wallet moves to another identity provider. Never an address.

Everything in a token was fixed when its signal was queued; it is signed once, and what is sent
again has the same bytes. Beside what the standards name, events about a freeze carry `version`,
which the wallet's confirmation names, and `display`, as the freeze state has them. Of an owner in
danger nothing more is said than that: no word in here tells why.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from domain.accounts import Display
from domain.events import (
    AccountFrozen,
    AccountReleased,
    ActorKind,
    DisplayTurnedNeutral,
    Event,
)
from notifications.audience import read_event
from notifications.wallets import CONTACTS_CHANGED
from service.operations.receivers import Leased, Outcome, Posting
from service.operations.ssf_events import (
    ACCOUNT_DISABLED,
    ACCOUNT_ENABLED,
    RECOVERY_INFORMATION_CHANGED,
    SESSION_REVOKED,
    STREAM_UPDATED,
    VERIFICATION,
)
from service.security.keys import SigningKeys
from service.security.signing import Algorithm, signed
from service.wording import LANGUAGES, translations

KIND: Final = "secevent+jwt"
_TELLS: Final[Mapping[type[Event], tuple[str, ...]]] = {
    AccountFrozen: (SESSION_REVOKED, ACCOUNT_DISABLED),
    # Said again, with the display that the wallet's app has to turn to.
    DisplayTurnedNeutral: (SESSION_REVOKED,),
    AccountReleased: (ACCOUNT_ENABLED,),
    **dict.fromkeys(CONTACTS_CHANGED, (RECOVERY_INFORMATION_CHANGED,)),
}
_ABOUT_THE_STREAM: Final = frozenset({VERIFICATION, STREAM_UPDATED})


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


# Who ended the sessions, as CAEP knows them (section 2), and what an administrator reads.
_BY_REPORT: Final = ("policy", _("The device was reported as lost or stolen."))
_BY_OWNER: Final = ("user", _("The owner stopped the account."))
_BY_WALLET: Final = ("admin", _("The wallet stopped the account."))


class Sets:
    """Makes them. For streams that are polled this is all there is to a kind."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys

    def tells(self, event: type[Event]) -> Sequence[str]:
        return _TELLS.get(event, ())

    async def make(self, leased: Leased) -> str:
        payload = msgspec.json.encode(claims(leased))
        algorithm = Algorithm(leased.stream.algorithm)
        key = self._keys.for_signing(algorithm, now=leased.leased_at)
        return await asyncio.to_thread(signed, key, payload, kind=KIND)

    def compose(self, leased: Leased) -> Posting:
        raise NotImplementedError("nobody sends to a stream that is polled")

    def judge(self, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
        raise NotImplementedError("a stream that is polled acknowledges")


def claims(leased: Leased) -> dict[str, Any]:
    """What the token says."""
    signal, stream = leased.signal, leased.stream
    txn, told = _told(leased)
    return {
        "iss": leased.origin,
        "iat": int(signal.queued_at.timestamp()),
        "jti": str(signal.id),
        "aud": list(stream.audience),
        "txn": txn,
        "sub_id": _subject(leased),
        "events": {signal.type: told},
    }


def _subject(leased: Leased) -> dict[str, str]:
    if leased.signal.type in _ABOUT_THE_STREAM:
        return {"format": "opaque", "id": str(leased.stream.id)}
    if leased.subject is None:
        raise ValueError("an event about an account that is not there")
    return {"format": "iss_sub", "iss": leased.origin, "sub": leased.subject}


def _told(leased: Leased) -> tuple[str, dict[str, Any]]:
    """One `txn` for everything that belongs to one ticket; and the event itself."""
    signal = leased.signal
    if signal.type in _ABOUT_THE_STREAM:
        return str(signal.id), msgspec.json.decode(signal.body, type=dict[str, Any])
    # The same for all that one cause gives rise to.
    cause = str(signal.outbox_id or signal.id)
    match event := read_event(signal.event, signal.body):
        case AccountFrozen():
            return str(event.ticket_id), _of_freeze(event, signal.type)
        case DisplayTurnedNeutral():
            version = {} if event.version is None else {"version": event.version}
            told = {**_revoked(event, _BY_REPORT), **version, "display": Display.NEUTRAL.value}
            return str(event.ticket_id or cause), told
        case AccountReleased():
            return str(event.ticket_id), {"version": event.version, "display": Display.PLAIN.value}
        case _:
            return cause, {}


def _of_freeze(event: AccountFrozen, name: str) -> dict[str, Any]:
    if name == SESSION_REVOKED:
        told = _revoked(event, _by(event.asked_by))
    else:
        # RISC knows no reason for a mere loss (section 2.3), so none is given.
        told = {"reason": "hijacking"} if event.stolen else {}
    display = Display.NEUTRAL if event.neutral else Display.PLAIN
    return {**told, "version": event.version, "display": display.value}


def _by(kind: ActorKind) -> tuple[str, str]:
    match kind:
        case ActorKind.OWNER:
            return _BY_OWNER
        case ActorKind.WALLET | ActorKind.AGENT | ActorKind.OPERATOR:
            return _BY_WALLET
        case ActorKind.CONTACT | ActorKind.CLOCK | ActorKind.STRANGER:
            return _BY_REPORT


def _revoked(event: Event, by: tuple[str, str]) -> dict[str, Any]:
    entity, sentence = by
    return {
        # Seconds, as in CAEP 1.0; its drafts had milliseconds.
        "event_timestamp": int(event.at.timestamp()),
        "initiating_entity": entity,
        "reason_admin": {
            language: translations(language).gettext(sentence) for language in LANGUAGES
        },
    }
