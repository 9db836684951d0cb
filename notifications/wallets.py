"""What wallets hear of, whatever they listen with. What they are told of it is theirs to choose.

Never what a contact keeps private: who declined, who was suspended, who is afraid. Those that say
`contacts-changed` cannot be told apart from one another by whoever hears it.
"""

from typing import Final

from domain.events import (
    AccountClosed,
    AccountClosingBegun,
    AccountClosingStopped,
    AccountFrozen,
    AccountKeptFrozen,
    AccountReleased,
    ContactAccepted,
    ContactInvited,
    ContactLeft,
    ContactReinstated,
    ContactRemoved,
    ContactRemovedForSafety,
    DisplayTurnedNeutral,
    Event,
    InvitationLapsed,
    InvitationTakenBack,
    ProofRequested,
    RemovalBegun,
    RemovalCancelled,
    RemovalDisowned,
    RemovalResumed,
)

CONTACTS_CHANGED: Final[frozenset[type[Event]]] = frozenset(
    {
        ContactInvited,
        ContactAccepted,
        InvitationLapsed,
        InvitationTakenBack,
        RemovalBegun,
        RemovalCancelled,
        RemovalDisowned,
        RemovalResumed,
        ContactRemoved,
        ContactRemovedForSafety,
        ContactLeft,
        ContactReinstated,
    }
)
WALLETS_HEAR: Final[frozenset[type[Event]]] = CONTACTS_CHANGED | {
    AccountFrozen,
    DisplayTurnedNeutral,
    AccountReleased,
    AccountKeptFrozen,
    AccountClosingBegun,
    AccountClosingStopped,
    AccountClosed,
    ProofRequested,
}
