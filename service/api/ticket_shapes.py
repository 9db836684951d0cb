"""What is said and told of tickets, as JSON."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from litestar.params import HeaderParameter
from msgspec import Meta, Struct

from domain.accounts import Display
from domain.help_desks import ExternalStage, ToldStage
from domain.ids import TicketId, TicketNoteId
from domain.reports import Outcome
from domain.tickets import Stage
from service.operations.notes import LONGEST
from service.operations.tickets_for_programs import NotePage, NoteTold, TicketPage, TicketTold
from service.storage.load.help_desks import After, ReportRow

# An instant in microseconds, and a key: where the page before ended.
CURSOR: Final = r"^[0-9]{1,17}-[0-9a-f]{32}$"
_CURSOR: Final = re.compile(CURSOR)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        max_length=255,
        description="The `ETag` of the ticket as you read it, or `*`. Needed: without it 428.",
    ),
]


class Reported(Struct, frozen=True, kw_only=True):
    """A trusted contact's report. Who it was is not told."""

    reference: str
    outcome: Annotated[Outcome | None, Meta(description="Null until agents have decided.")]
    decided_at: datetime | None

    @classmethod
    def of(cls, row: ReportRow) -> "Reported":
        return cls(reference=row.reference, outcome=row.outcome, decided_at=row.decided_at)


class ExternalStageAnswer(Struct, frozen=True, kw_only=True):
    """What the wallet's help desk told last."""

    stage: ExternalStage
    told_at: datetime

    @classmethod
    def of(cls, told: ToldStage) -> "ExternalStageAnswer":
        return cls(stage=told.stage, told_at=told.told_at)


class TicketAnswer(Struct, frozen=True, kw_only=True):
    """A loss ticket. Names, addresses, contacts and agents' notes are not told here."""

    id: TicketId
    reference: Annotated[
        str, Meta(description="Said on the phone; it opens nothing.", examples=["K7QF-3M2X-R"])
    ]
    subject: Annotated[str, Meta(description="The owner, by the wallet's own id.")]
    stage: Stage
    open: bool
    level: Annotated[int, Meta(ge=1, le=4, description="How far up it has come.")]
    boost: Annotated[int, Meta(ge=0, description="Signs of urgency after the first.")]
    unconfirmed: Annotated[bool, Meta(description="Only a hint so far: nothing is frozen.")]
    display: Annotated[
        Display,
        Meta(description="`neutral`: whoever holds the phone may notice; do not call the owner."),
    ]
    opened_at: datetime
    owner_reached_at: datetime | None
    proved_at: datetime | None
    proposed_at: datetime | None
    kept_frozen_at: datetime | None
    closed_at: datetime | None
    closed_reason: Annotated[
        str | None, Meta(description="Why what was only a hint was laid aside.")
    ]
    first_attempt_until: datetime
    decision_until: datetime
    paused_until: datetime | None
    review_until: datetime | None
    reports: tuple[Reported, ...]
    external_stage: ExternalStageAnswer | None
    updated_at: datetime

    @classmethod
    def of(cls, told: TicketTold) -> "TicketAnswer":
        row = told.ticket
        return cls(
            id=row.id,
            reference=row.reference,
            subject=row.subject,
            stage=row.stage,
            open=row.closed_at is None,
            level=row.level,
            boost=row.boost,
            unconfirmed=row.unconfirmed,
            display=row.display,
            opened_at=row.opened_at,
            owner_reached_at=row.owner_reached_at,
            proved_at=row.proved_at,
            proposed_at=row.proposed_at,
            kept_frozen_at=row.kept_frozen_at,
            closed_at=row.closed_at,
            closed_reason=row.closed_reason,
            first_attempt_until=row.first_attempt_until,
            decision_until=row.decision_until,
            paused_until=row.paused_until,
            review_until=row.review_until,
            reports=tuple(Reported.of(one) for one in told.reports),
            external_stage=told.external and ExternalStageAnswer.of(told.external),
            updated_at=row.changed_at,
        )


class TicketList(Struct, frozen=True, kw_only=True):
    items: tuple[TicketAnswer, ...]
    next: Annotated[str | None, Meta(description="For `cursor`; null on the last page.")]

    @classmethod
    def of(cls, page: TicketPage) -> "TicketList":
        return cls(
            items=tuple(TicketAnswer.of(one) for one in page.items),
            next=None if page.next is None else written(page.next),
        )


class NewExternalStage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What your help desk did, or waits for. Agents read it; nothing follows from it."""

    stage: ExternalStage


class NewNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For the agents: sealed, and read by nobody else but this program."""

    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST,
            description="Without invisible characters; something has to be left.",
            examples=["The owner stands at our branch in Rosario, and has an identity card."],
        ),
    ]


class NoteAnswer(Struct, frozen=True, kw_only=True):
    id: TicketNoteId
    text: str
    noted_at: datetime

    @classmethod
    def of(cls, told: NoteTold) -> "NoteAnswer":
        return cls(id=told.id, text=told.text, noted_at=told.noted_at)


class NoteList(Struct, frozen=True, kw_only=True):
    """What this program left, in order."""

    items: tuple[NoteAnswer, ...]
    next: Annotated[TicketNoteId | None, Meta(description="For `cursor`; null on the last page.")]

    @classmethod
    def of(cls, page: NotePage) -> "NoteList":
        return cls(items=tuple(NoteAnswer.of(one) for one in page.items), next=page.next)


def written(after: After) -> str:
    """A page's end as a cursor."""
    since = (after.changed_at - _EPOCH) // timedelta(microseconds=1)
    return f"{since}-{after.ticket_id.hex}"


def place_in(cursor: str | None) -> After | None:
    """The pattern was checked before: every cursor of that form leads somewhere."""
    if cursor is None or _CURSOR.fullmatch(cursor) is None:
        return None
    since, _, key = cursor.partition("-")
    return After(_EPOCH + timedelta(microseconds=int(since)), TicketId(UUID(key)))
