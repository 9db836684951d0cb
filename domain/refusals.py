"""What a rule can say no with.

A refusal means that nothing was stored. It carries a stable code and, where useful, data;
never a sentence and never an HTTP status. `service.problems` turns each into its answer.
"""

from datetime import datetime
from typing import ClassVar


class Refused(Exception):
    """No, and nothing was stored."""

    code: ClassVar[str]


class NotFound(Refused):
    """What you may not see does not exist."""

    code = "not-found"


class ChangedMeanwhile(Refused):
    """Someone was faster: the row is not the one that was read."""

    code = "changed-meanwhile"


class LinkNotValid(Refused):
    """Used, expired, foreign or never made; which of them is nobody's business."""

    code = "link-not-valid"


class PageExpired(Refused):
    """The browser's session has ended, or never was."""

    code = "page-expired"


class CodeNeeded(Refused):
    """This step comes after the code."""

    code = "code-needed"


class TooSoon(Refused):
    """The next code or sending is possible from `retry_at`."""

    code = "too-soon"

    def __init__(self, retry_at: datetime, *, now: datetime | None = None) -> None:
        super().__init__(retry_at)
        self.retry_at = retry_at
        # When it was refused, by the same clock; None where nobody is told how long to wait.
        self.refused_at = now


class TooMany(Refused):
    """A limit over all, or over many attempts, is used up; it allows the next from `retry_at`."""

    code = "too-many"

    def __init__(self, retry_at: datetime, *, now: datetime | None = None) -> None:
        super().__init__(retry_at)
        self.retry_at = retry_at
        # When it was refused, by the same clock; None where nobody is told how long to wait.
        self.refused_at = now


class TooManyWrongCodes(Refused):
    """So many codes were typed wrong that none counts any more until the operator resets it."""

    code = "too-many-wrong-codes"


class AccountIsFrozen(Refused):
    code = "account-frozen"


class AccountNotFrozen(Refused):
    """Only of a frozen account: this one is not, or not any more."""

    code = "account-not-frozen"


class DeviceReported(Refused):
    """The device was linked when the account froze and has not been cleared since."""

    code = "device-reported"


class TokenUsed(Refused):
    """The session token was registered before; a void one never comes to life again."""

    code = "token-used"


class VersionMismatch(Refused):
    """A confirmation names a version that is not the current freeze's."""

    code = "version-mismatch"


class NoPlaceLeft(Refused):
    code = "no-place-left"


class AlreadyInvited(Refused):
    """The same address holds a place here already (also while a decline is kept private)."""

    code = "already-invited"


class OwnAddress(Refused):
    """An owner cannot be their own trusted contact."""

    code = "own-address"


class NameNotAllowed(Refused):
    code = "name-not-allowed"


class AddressNotAllowed(Refused):
    """No e-mail address, or no phone number that a code can be sent to."""

    code = "address-not-allowed"


class NoRehearsalNow(Refused):
    """Why is not said: that a wallet is blocked, or that somebody else rehearsed, would show."""

    code = "no-rehearsal-now"


class NotOpen(Refused):
    """The invitation has been answered, has lapsed or was taken back."""

    code = "not-open"


class CannotTakeBack(Refused):
    """Past the 24 hours an acceptance ends by removal, which takes its time."""

    code = "cannot-take-back"


class PlaceNotFree(Refused):
    """A replacement's invitation: the one before still holds the place."""

    code = "place-not-free"


class NotAContact(Refused):
    """They are no contact here any more."""

    code = "not-a-contact"


class NoRemovalPending(Refused):
    """Nobody is being removed here, or the removal is over."""

    code = "no-removal-pending"


class RemovalsUndecided(Refused):
    """Before a release the verified owner says what becomes of each pending removal."""

    code = "removals-undecided"


class NotSuspended(Refused):
    code = "not-suspended"


class AccountIsClosed(Refused):
    """The account was closed for good."""

    code = "account-closed"


class TicketIsOpen(Refused):
    """Somebody works on this account: it cannot be closed meanwhile."""

    code = "ticket-open"


class MayNotReport(Refused):
    """The contact is not active for this owner (any more)."""

    code = "may-not-report"


class CannotWithdraw(Refused):
    """The report was withdrawn or decided already."""

    code = "cannot-withdraw"


class StrongSignInNeeded(Refused):
    """Managing needs a recent strong sign-in to the wallet."""

    code = "strong-sign-in-needed"


class CodeUsed(Refused):
    """A code of a recovery card works once."""

    code = "code-used"


class DuressNotAsked(Refused):
    """Someone said that the owner is in danger: first the owner is asked whether they are free."""

    code = "duress-not-asked"


class OwnerNotFree(Refused):
    """The owner said, or showed, that somebody makes them ask for it."""

    code = "owner-not-free"


class TicketClosed(Refused):
    code = "ticket-closed"


class TooManyWatch(Refused):
    """This agent, or everybody together, watches the queue on as many screens as may be."""

    code = "too-many-watch"


class WordsMissing(Refused):
    """The short list does not say why; a few words do."""

    code = "words-missing"


class ProofsMissing(Refused):
    """Release needs two proofs of different kinds, one of them out of the thief's reach."""

    code = "proofs-missing"


class ChecklistOpen(Refused):
    """Before a release somebody looks at everything on the checklist, and at what came since."""

    code = "checklist-open"


class AddressDoesNotCount(Refused):
    """What arrives there shows nothing: it is too new, not verified, changed, or on the phone."""

    code = "address-does-not-count"


class LineTooFresh(Refused):
    """A new SIM counts once its owner has had a day to notice; it does from `retry_at`."""

    code = "line-too-fresh"

    def __init__(self, retry_at: datetime, *, now: datetime | None = None) -> None:
        super().__init__(retry_at)
        self.retry_at = retry_at
        self.refused_at = now


class LineReplacedBefore(Refused):
    """The SIM is no younger than the loss: it may be the one that was lost."""

    code = "line-replaced-before"


class NoticesHeld(Refused):
    """The owner may be in danger: nothing is written to them yet."""

    code = "notices-held"


class LevelNotCounted(Refused):
    """This wallet's settings do not count a proof of identity of that level."""

    code = "level-not-counted"


class PerformedBeforeFreeze(Refused):
    """Identity was proved before the account froze: whoever did it then may hold the phone now."""

    code = "performed-before-freeze"


class PerformedInFuture(Refused):
    """Identity will have been proved only at an instant that has not come yet."""

    code = "performed-in-future"


class LevelTooLow(Refused):
    code = "level-too-low"


class TooNewToApprove(Refused):
    """A new or reset agent cannot approve for 24 hours."""

    code = "too-new-to-approve"


class OwnProposal(Refused):
    """Nobody approves what they proposed."""

    code = "own-proposal"


class NothingPending(Refused):
    code = "nothing-pending"


class AlreadyProposed(Refused):
    code = "already-proposed"


class EvidenceChanged(Refused):
    """The proposal was made on other evidence than the ticket holds now."""

    code = "evidence-changed"


class NotPicked(Refused):
    """The system picked somebody else to approve this, or their time is over."""

    code = "not-picked"


class KeptFrozen(Refused):
    """Two people decided that the account stays frozen; a supervisor or a proof comes first."""

    code = "kept-frozen"


class NotKeptFrozen(Refused):
    """There is no such decision to be looked at again."""

    code = "not-kept-frozen"


class OwnDecision(Refused):
    """Nobody reviews what they proposed or approved."""

    code = "own-decision"


class Involved(Refused):
    """A release is reviewed by somebody who had nothing to do with it."""

    code = "involved"


class WindowNotAllowed(Refused):
    """A window that is empty, in the future, or longer than a mistake stays unnoticed."""

    code = "window-not-allowed"


class AlreadyDecided(Refused):
    """The report has its outcome."""

    code = "already-decided"


class OwnerNotVerified(Refused):
    """A report is called false only when it is certain that the owner says so."""

    code = "owner-not-verified"


class ReporterNotHeard(Refused):
    """The reporter has not answered, and the time they were given is not over."""

    code = "reporter-not-heard"


class OwnerNotTried(Refused):
    """Before a hint is laid aside the owner was reached, or tried twice."""

    code = "owner-not-tried"


class CannotTakeTicket(Refused):
    """They do not work on such tickets, not for this wallet, or it is their own."""

    code = "cannot-take-ticket"


class OwnLineNotAllowed(Refused):
    """Too long, a link, something like a code or a number; or no line may go along at all."""

    code = "own-line-not-allowed"


class WrittenOften(Refused):
    """So many messages a day to one person on one ticket are enough."""

    code = "written-often"


class NoWayToWrite(Refused):
    """There is no address at which they may be written to."""

    code = "no-way-to-write"


class SignInFailed(Refused):
    """Unknown name, wrong password and wrong code are the same answer."""

    code = "sign-in-failed"


class ClientNotValid(Refused):
    """Unknown client, wrong secret, or a token that is not (or no longer) good."""

    code = "client-not-valid"


class ScopeMissing(Refused):
    code = "scope-missing"


class TokenNotValid(Refused):
    """An owner's access token that is not good: by signature, issuer, audience, type or time."""

    code = "token-not-valid"


class SignInVoid(Refused):
    """The owner signed in before the account froze, or not provably after it."""

    code = "sign-in-void"


class IssuerAway(Refused):
    """The wallet's identity provider cannot be asked for its keys, so no token can be judged."""

    code = "issuer-away"


class TooManyStreams(Refused):
    """This client has as many streams as it may have: change one, or delete one."""

    code = "too-many-streams"


class StreamDiffers(Refused):
    """What only the transmitter says of a stream was sent along, and is not what it says."""

    code = "stream-differs"


class KeyReused(Refused):
    """The Idempotency-Key was used with another body."""

    code = "idempotency-key-reused"


class StillRunning(Refused):
    """The same request is being carried out right now."""

    code = "still-running"


class FormNotOurs(Refused):
    """A form came from another origin or without its token."""

    code = "form-not-ours"


class UrlNotAllowed(Refused):
    """Only https addresses that everyone on the internet can reach, without user names."""

    code = "url-not-allowed"


class TooManyEndpoints(Refused):
    """A client has at most twenty webhook endpoints."""

    code = "too-many-endpoints"


class EndpointNotEnabled(Refused):
    """Nothing is sent to an endpoint that is paused or disabled."""

    code = "endpoint-not-enabled"


class AgentHasEnded(Refused):
    """Whoever comes back is added anew."""

    code = "agent-has-ended"


class TooManyPasskeys(Refused):
    """An agent has at most ten passkeys: end one that is not used any more."""

    code = "too-many-passkeys"


class PasskeyNotValid(Refused):
    """What the authenticator answered does not make a passkey: asked too long ago, or known."""

    code = "passkey-not-valid"


class ProveAgainFirst(Refused):
    """What an agent signs in with is changed within minutes of signing in again."""

    code = "prove-again-first"


class OwnAddressesNeeded(Refused):
    """Whoever is given a further wallet says their own addresses again: only hashes are kept."""

    code = "own-addresses-needed"


class AlreadyPaused(Refused):
    """The ticket waits already."""

    code = "already-paused"


class NotPaused(Refused):
    """The ticket does not wait any more."""

    code = "not-paused"


class PauseTooLong(Refused):
    """A pause ends within twelve hours, and not in the past."""

    code = "pause-too-long"


class PausesUsedUp(Refused):
    """A ticket waits only so often; then somebody has to decide."""

    code = "pauses-used-up"


class NothingToPause(Refused):
    """No clock runs that could stand still: what has run out stays run out."""

    code = "nothing-to-pause"


class NothingRings(Refused):
    """Somebody has it already, or it was decided."""

    code = "nothing-rings"


class IfMatchNeeded(Refused):
    """Writing on a ticket names the version that was read: its ETag, in `If-Match`."""

    code = "if-match-needed"


class ChangedSinceRead(Refused):
    """The ticket is not as it was when it was read. Read it again, then decide again."""

    code = "changed-since-read"


class NothingSaid(Refused):
    """Without its invisible characters, the note says nothing."""

    code = "nothing-said"
