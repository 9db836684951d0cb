"""Who said what about the loss, on a ticket's page: contacts, the owner, whoever says to be it."""

from datetime import datetime

import msgspec
from msgspec import Struct

from domain.disputes import Dispute
from domain.ids import ReportId
from domain.outcomes import Verdict, VerdictStatus
from domain.recovery import Hint
from domain.reports import LossKind, LossReport, Outcome, OwnerSafe
from service.operations.disputes import place_of as note_place
from service.operations.hints import Said, place_of
from service.operations.ticket_stored import Opened, Stored
from service.security.encryption import Place


class ReportSeen(Struct, frozen=True, kw_only=True):
    reference: str
    kind: LossKind
    verified_by: str
    filed_at: datetime
    noticed_at: datetime | None
    contact_name: str
    note: str | None
    # Where the owner may be reached now: a hint, never a proof.
    reach: str | None
    joined: bool
    owner_safe: OwnerSafe
    report_id: ReportId
    row_version: int
    # By a contact whose reports do not freeze just now.
    unconfirmed: bool
    outcome: Outcome | None
    answer_until: datetime | None
    heard_at: datetime | None
    # That it is false, said by one agent and waiting for another.
    verdict: Verdict | None
    verdict_by: str


class DisputeSeen(Struct, frozen=True, kw_only=True):
    """What the owner said against the reports, after a strong sign-in."""

    disputed_at: datetime
    note: str | None
    without_effect: bool


class HintSeen(Struct, frozen=True, kw_only=True):
    """What somebody left who says that they are the owner: never a proof."""

    said: Said | None
    left_at: datetime


def reports(stored: Stored, opened: Opened) -> tuple[ReportSeen, ...]:
    """In the order in which they came."""
    return tuple(_report(one, _pending_on(one, stored), opened) for one in stored.reports)


def disputes(stored: Stored, opened: Opened) -> tuple[DisputeSeen, ...]:
    return tuple(_dispute(one, opened) for one in stored.disputes)


def hints(stored: Stored, opened: Opened) -> tuple[HintSeen, ...]:
    return tuple(_hint(one, opened) for one in stored.hints)


def _pending_on(report: LossReport, stored: Stored) -> Verdict | None:
    waiting = VerdictStatus.PENDING
    ours = (v for v in stored.verdicts if v.report_id == report.id and v.status is waiting)
    return next(ours, None)


def _report(one: LossReport, verdict: Verdict | None, opened: Opened) -> ReportSeen:
    opener = opened.opener
    by = opened.agents.get(verdict.proposed_by, "") if verdict is not None else ""
    return ReportSeen(
        reference=one.reference,
        kind=one.kind,
        verified_by=one.verified,
        filed_at=one.filed_at,
        noticed_at=one.noticed_at,
        contact_name=opened.contacts[one.contact_id],
        note=opener.open(Place("loss_reports", "note", one.id), one.note),
        reach=opener.open(Place("loss_reports", "reach", one.id), one.reach),
        joined=one.joined,
        owner_safe=one.owner_safe,
        report_id=one.id,
        row_version=one.row_version,
        unconfirmed=one.unconfirmed,
        outcome=one.outcome,
        answer_until=one.answer_until,
        heard_at=one.heard_at,
        verdict=verdict,
        verdict_by=by,
    )


def _dispute(one: Dispute, opened: Opened) -> DisputeSeen:
    return DisputeSeen(
        disputed_at=one.disputed_at,
        note=opened.opener.open(note_place(one.id), one.note),
        without_effect=one.without_effect,
    )


def _hint(one: Hint, opened: Opened) -> HintSeen:
    said = opened.opener.open(place_of(one.id), one.said)
    return HintSeen(
        said=msgspec.json.decode(said, type=Said) if said is not None else None,
        left_at=one.left_at,
    )
