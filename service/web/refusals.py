"""What contacts and owners read when something is refused; English here, translated when shown.

Every refusal has its words, also those that no page of theirs can meet today: a refusal without
words would be found by somebody on a pavement, not by us.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from domain import refusals as r
from domain.refusals import Refused
from domain.wallets import Wallet
from service.wording import said, translations


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


class Words(Struct, frozen=True):
    title: str
    explanation: str
    # What to do now, where the button alone does not say it.
    next_step: str | None = None


_CALL: Final = _("Call %(wallet)s: %(number)s.")
_STAFF: Final = Words(
    _("This cannot be done here"),
    _("It belongs to the work of %(wallet)s's own people and systems."),
    _CALL,
)
_CHANGED: Final = Words(
    _("Something changed meanwhile"),
    _("Someone was faster, perhaps you in another window. Nothing was done twice."),
)
_LINK: Final = Words(
    _("This link no longer works"),
    _("It was used, its time is over, or part of it is missing."),
    _CALL,
)
_TIME: Final = Words(
    _("The time for this page is over"),
    _("For safety it stays open only for a short while."),
)
REFUSALS: Final[Mapping[type[Refused], Words]] = {
    r.NotFound: Words(
        _("There is nothing here"),
        _("The address may be mistyped or cut off."),
    ),
    r.ChangedMeanwhile: _CHANGED,
    r.LinkNotValid: _LINK,
    r.PageExpired: _TIME,
    r.CodeNeeded: Words(
        _("The code comes first"),
        _("This page opens after the code that we sent."),
    ),
    r.TooSoon: Words(
        _("Please wait a little"),
        _("The next one can be sent from %(at)s."),
    ),
    r.TooMany: Words(
        _("Too many attempts at the moment"),
        _("This works again from %(at)s. Nothing was done until now."),
        _CALL,
    ),
    r.TooManyWrongCodes: Words(
        _("Too many wrong codes"),
        _("For safety no code is accepted here any more until %(wallet)s has looked into it."),
        _CALL,
    ),
    r.AccountIsFrozen: Words(
        _("The wallet is blocked"),
        _("While it is blocked nothing can be changed here, so that nobody else can change it."),
        _CALL,
    ),
    r.AccountNotFrozen: Words(
        _("The wallet is not blocked"),
        _("It was given back. Sign in to %(wallet)s as usual, and close this page."),
        _CALL,
    ),
    r.DeviceReported: Words(
        _("This phone or computer was reported"),
        _("It stays signed out until its owner has cleared it with %(wallet)s."),
        _CALL,
    ),
    r.AddressDoesNotCount: _STAFF,
    r.AgentHasEnded: _STAFF,
    r.AlreadyPaused: _STAFF,
    r.CannotTakeTicket: _STAFF,
    r.ChecklistOpen: _STAFF,
    r.LineReplacedBefore: _STAFF,
    r.LineTooFresh: _STAFF,
    r.NoWayToWrite: _STAFF,
    r.NotPaused: _STAFF,
    r.NothingRings: _STAFF,
    r.NothingToPause: _STAFF,
    r.NoticesHeld: _STAFF,
    r.OwnAddressesNeeded: _STAFF,
    r.OwnLineNotAllowed: _STAFF,
    r.PasskeyNotValid: _STAFF,
    r.PauseTooLong: _STAFF,
    r.PausesUsedUp: _STAFF,
    r.ProveAgainFirst: _STAFF,
    r.TooManyPasskeys: _STAFF,
    r.TooManyWatch: _STAFF,
    r.WordsMissing: _STAFF,
    r.WrittenOften: _STAFF,
    r.VersionMismatch: _STAFF,
    r.NoPlaceLeft: Words(
        _("All places are taken"),
        _("There is a place for someone else once one of your people has left the list."),
    ),
    r.AlreadyInvited: Words(
        _("This person is on your list"),
        _("Someone on your list has this address already."),
    ),
    r.OwnAddress: Words(
        _("This address is your own"),
        _("It takes someone else, who is there when your phone is not."),
    ),
    r.NameNotAllowed: Words(
        _("This name cannot be used"),
        _("Use letters, spaces, hyphens and apostrophes, at most 40."),
    ),
    r.AddressNotAllowed: Words(
        _("This address cannot be used"),
        _("Write a whole e-mail address, or the number of a mobile phone."),
    ),
    r.NoRehearsalNow: Words(
        _("No rehearsal can begin now"),
        _("There is one every 30 days at most, whoever asks. Try again some days later."),
    ),
    r.NotOpen: Words(
        _("This invitation no longer works"),
        _("It has been answered, its seven days are over, or it was taken back."),
    ),
    r.CannotTakeBack: Words(
        _("This cannot be taken back any more"),
        _("It works for an invitation without an answer, and for one day after the answer."),
    ),
    r.PlaceNotFree: Words(
        _("Not yet"),
        _("This invitation can be accepted a little later. We write as soon as it can."),
    ),
    r.NotAContact: Words(
        _("This person is not on the list any more"),
        _("There is nothing left to change here."),
    ),
    r.NoRemovalPending: Words(
        _("Nobody is being removed here"),
        _("It is over, or somebody stopped it already."),
    ),
    r.RemovalsUndecided: _STAFF,
    r.NotSuspended: _STAFF,
    r.AccountIsClosed: Words(
        _("This account is closed"),
        _("Nothing can be changed here any more."),
        _CALL,
    ),
    r.TicketIsOpen: _STAFF,
    r.MayNotReport: Words(
        _("NOT stopped"),
        _("The wallet is not blocked: you are not among the people who can block it just now."),
        _("Call %(wallet)s now: %(number)s."),
    ),
    r.CannotWithdraw: Words(
        _("This report cannot be taken back any more"),
        _("It was taken back already, or someone has decided on it."),
    ),
    r.TokenUsed: _STAFF,
    r.StrongSignInNeeded: Words(
        _("Sign in again to change something"),
        _("Open this page from the %(wallet)s app right after signing in there."),
    ),
    r.CodeUsed: Words(
        _("This code was used before"),
        _("Each code of the card works once."),
    ),
    r.DuressNotAsked: _STAFF,
    r.OwnerNotFree: _STAFF,
    r.TicketClosed: _STAFF,
    r.ProofsMissing: _STAFF,
    r.LevelNotCounted: _STAFF,
    r.PerformedBeforeFreeze: _STAFF,
    r.PerformedInFuture: _STAFF,
    r.LevelTooLow: _STAFF,
    r.TooNewToApprove: _STAFF,
    r.OwnProposal: _STAFF,
    r.NothingPending: _STAFF,
    r.NotPicked: _STAFF,
    r.KeptFrozen: _STAFF,
    r.NotKeptFrozen: _STAFF,
    r.OwnDecision: _STAFF,
    r.Involved: _STAFF,
    r.WindowNotAllowed: _STAFF,
    r.AlreadyProposed: _STAFF,
    r.EvidenceChanged: _STAFF,
    r.AlreadyDecided: _STAFF,
    r.OwnerNotVerified: _STAFF,
    r.ReporterNotHeard: _STAFF,
    r.OwnerNotTried: _STAFF,
    r.SignInFailed: Words(
        _("Signing in did not work"),
        _("Name, password and code did not fit together."),
    ),
    r.ClientNotValid: _STAFF,
    r.ScopeMissing: _STAFF,
    r.TokenNotValid: _STAFF,
    r.SignInVoid: _TIME,
    r.IssuerAway: _STAFF,
    r.TooManyStreams: _STAFF,
    r.StreamDiffers: _STAFF,
    r.UrlNotAllowed: _STAFF,
    r.TooManyEndpoints: _STAFF,
    r.EndpointNotEnabled: _STAFF,
    r.KeyReused: _CHANGED,
    r.IfMatchNeeded: _STAFF,
    r.ChangedSinceRead: _STAFF,
    r.NothingSaid: _STAFF,
    r.StillRunning: Words(
        _("This is being done right now"),
        _("Wait a moment and look again; pressing once was enough."),
    ),
    r.FormNotOurs: Words(
        _("This page has to be opened again"),
        _("It was open for long, or the browser keeps no cookies. Nothing was done."),
    ),
}
# To someone who is not yet a trusted person: whether a wallet is blocked is not for them.
NOT_NOW: Final = Words(
    _("This does not work just now"),
    _("Nothing is lost. The invitation can be answered later."),
)
# What the framework refuses, by the code of `service.problems`.
PROBLEMS: Final[Mapping[str, Words]] = {
    "bad-request": Words(
        _("This could not be read"),
        _("What arrived is not what this page sends. Nothing was done."),
    ),
    "too-large": Words(
        _("This is too much at once"),
        _("What was sent is longer than this page allows. Nothing was done."),
    ),
    "method-not-allowed": Words(
        _("This page has to be opened again"),
        _("It cannot be reached in this way. Nothing was done."),
    ),
    "unavailable": Words(
        _("This does not work just now"),
        _("Something failed on our side, and nothing was done. Try again in a minute."),
        _CALL,
    ),
    "internal": Words(
        _("This does not work just now"),
        _("Something failed on our side, and nothing was done. Try again in a minute."),
        _CALL,
    ),
}
BACK_TO_LIST: Final = _("Back to the list")
OPEN_AGAIN: Final = _("Open again")


def in_words(words: Words, wallet: Wallet, language: str, *, at: str = "") -> Words:
    """The same in the reader's language, with the wallet's name and number in it."""
    gettext = translations(language).gettext
    names = {"wallet": wallet.name, "number": wallet.support_number, "at": at}
    return Words(
        gettext(words.title) % names,
        gettext(words.explanation) % names,
        gettext(words.next_step) % names if words.next_step else None,
    )


def words_of(refusal: Refused, wallet: Wallet, language: str, now: datetime) -> Words:
    at = ""
    if isinstance(refusal, r.TooSoon | r.TooMany):
        at = said(refusal.retry_at, language=language, time_zone=wallet.time_zone, now=now)
    return in_words(REFUSALS[type(refusal)], wallet, language, at=at)
