"""Private notes: what agents leave one another on a ticket. No person of the ticket reads them."""

from typing import Final

from domain import tickets
from domain.ids import TicketId, TicketNoteId
from domain.refusals import AccountIsClosed, NotFound
from domain.tickets import TicketNote
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work
from service.operations.disputes import owner_key
from service.operations.house import House
from service.operations.pressing import first_press
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage.rows import keep

LONGEST: Final = 2000


async def add(house: House, ticket_id: TicketId, words: str, *, key: str, by: SignedIn) -> None:
    """With the page's `key`, a button pressed twice is one note.

    On a closed ticket only supervisors. Raises LevelTooLow, TicketClosed; AccountIsClosed once the
    owner was erased, because there is no key left to seal it under.
    """
    async with at_work(house, ticket_id, by) as work:
        press = await first_press(work, house, route="notes", key=key, body=words, by=by)
        if press is None:
            return
        note = await write(work, house, words, by=by)
        await press.done(str(note.id))


async def write(work: AtWork, house: House, words: str, *, by: SignedIn) -> TicketNote:
    """The same within somebody else's transaction: with a hand-over, for instance."""
    note_id = TicketNoteId(new_id())
    try:
        key = await owner_key(work.db, house, work.account)
    except NotFound:
        raise AccountIsClosed from None
    note = TicketNote(
        id=note_id,
        wallet_id=work.wallet_id,
        account_id=work.account.id,
        ticket_id=work.ticket.id,
        said=key.seal(place_of(note_id), plain_text(words, longest=LONGEST)),
        noted_by=by.agent.id,
        noted_at=work.now,
    )
    change = tickets.write_note(work.ticket, note, by=by.agent, now=work.now)
    return await keep(work.db, work.wallet_id, None, change, by=by.actor)


def place_of(note_id: TicketNoteId) -> Place:
    return Place("ticket_notes", "said", note_id)
