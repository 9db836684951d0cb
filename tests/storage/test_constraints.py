"""What no code may get wrong, because the tables refuse it: as the service's own role, on the
database that the migrations built.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from domain.accounts import CLOSED, FROZEN, Account, AddressKind, ClosingReason
from domain.contacts import (
    ACTIVE,
    DECLINED,
    ENDED,
    INVITED,
    LAPSED,
    LEAVING,
    LEFT,
    REMOVED,
    SUSPENDED,
    TAKEN_BACK,
    Contact,
    ContactStatus,
)
from domain.ids import AddressId, AgentId, ContactId, PersonId, ProposalId, TicketId, WalletId
from domain.tickets import RELEASED, Proposal, ProposalStatus, Ticket, TicketKind
from domain.wallets import Wallet
from service.operations.house import House
from service.security.tokens import new_id
from service.storage.rows import put
from service.storage.values import Person, PersonAddress
from tests import people
from tests.builders import (
    NOON,
    a_contact,
    a_contact_who_leaves,
    a_proposal,
    a_ticket,
    an_invitation,
    arne,
    astrid,
)

pytestmark = pytest.mark.anyio

# Two contacts of one account on one place.
ONE_EACH = "contacts_account_id_place_key"


@pytest.fixture
async def norte(house: House) -> Wallet:
    return await people.a_wallet(house)


@pytest.fixture
async def olgas(house: House, norte: Wallet) -> Account:
    return await people.olga(house, norte)


async def stored(house: House, *values: Struct) -> None:
    async with house.engine.begin() as db:
        for value in values:
            await put(db, None, value)


async def refused(house: House, value: Struct, constraint: str) -> None:
    """The database says no, and for this very reason."""
    with pytest.raises(IntegrityError, match=f'"{constraint}"'):
        await stored(house, value)


def of(account: Account, contact: Contact, **changes: Any) -> Contact:
    """This contact in the house under test, with a link of their own."""
    contact_id = ContactId(new_id())
    here = replace(
        contact,
        id=contact_id,
        wallet_id=account.wallet_id,
        account_id=account.id,
        person_id=account.person_id,
        link_sha256=contact_id.bytes,
    )
    return replace(here, **changes)


def a_ticket_of(account: Account, **changes: Any) -> Ticket:
    ticket_id = TicketId(new_id())
    here = a_ticket(
        id=ticket_id,
        wallet_id=account.wallet_id,
        account_id=account.id,
        reference=str(ticket_id),
    )
    return replace(here, **changes)


# Five places ------------------------------------------------------------------------------------


async def test_a_sixth_place_does_not_exist(house: House, olgas: Account) -> None:
    for place in (0, 6):
        await refused(house, of(olgas, a_contact(), place=place), "contacts_five_places_check")
    await stored(house, *(of(olgas, a_contact(), place=place) for place in range(1, 6)))


async def test_a_sixth_contact_finds_no_place(house: House, olgas: Account) -> None:
    await stored(house, *(of(olgas, a_contact(), place=place) for place in range(1, 6)))

    for place in range(1, 6):
        await refused(house, of(olgas, a_contact(), place=place), ONE_EACH)
    for place in (0, 6):
        await refused(house, of(olgas, a_contact(), place=place), "contacts_five_places_check")
    await refused(house, of(olgas, a_contact(), place=None), "contacts_on_a_place_check")


def standing(status: ContactStatus) -> Contact:
    """A contact in this state, with what the state needs."""
    if status is LEAVING:
        return a_contact_who_leaves(at=NOON)
    return a_contact(status=status)


@pytest.mark.parametrize("first", [INVITED, ACTIVE, LEAVING, SUSPENDED, DECLINED])
async def test_two_contacts_never_stand_on_one_place(
    house: House, olgas: Account, first: ContactStatus
) -> None:
    await stored(house, of(olgas, standing(first), place=3))

    await refused(house, of(olgas, an_invitation(), place=3), ONE_EACH)
    await stored(house, of(olgas, an_invitation(), place=4))


async def test_every_owner_has_places_of_their_own(
    house: House, norte: Wallet, olgas: Account
) -> None:
    mallorys = await people.olga(house, norte, subject="mallory")

    await stored(house, of(olgas, a_contact(), place=3), of(mallorys, a_contact(), place=3))


@pytest.mark.parametrize("status", [ACTIVE, LEAVING, SUSPENDED])
async def test_a_contact_without_a_place_is_none(
    house: House, olgas: Account, status: ContactStatus
) -> None:
    await refused(house, of(olgas, standing(status), place=None), "contacts_on_a_place_check")
    await stored(house, of(olgas, standing(status), place=1))


async def test_only_invitations_and_declines_may_wait_without_a_place(
    house: House, olgas: Account
) -> None:
    await stored(
        house,
        *(of(olgas, an_invitation(), status=status, place=None) for status in (INVITED, DECLINED)),
    )


@pytest.mark.parametrize("status", [LAPSED, TAKEN_BACK, REMOVED, LEFT, ENDED])
async def test_who_is_gone_holds_no_place(
    house: House, olgas: Account, status: ContactStatus
) -> None:
    await refused(
        house, of(olgas, a_contact(), status=status, place=1), "contacts_gone_from_its_place_check"
    )
    await stored(house, of(olgas, a_contact(), status=status, place=None))


# A contact's clocks and marks -----------------------------------------------------------------


async def test_who_leaves_knows_when_and_for_how_long(house: House, olgas: Account) -> None:
    leaving = of(olgas, a_contact_who_leaves(at=NOON))

    await refused(house, replace(leaving, leaves_at=None), "contacts_leaves_check")
    for nothing in ({"removal_began_at": None}, {"removal_seconds": None}, {"removal_seconds": 0}):
        await refused(house, replace(leaving, **nothing), "contacts_removal_check")
    await stored(house, leaving)


async def test_removed_for_safety_is_removed_and_has_no_way_in(
    house: House, olgas: Account
) -> None:
    removed = of(
        olgas, a_contact(status=REMOVED, place=None, removed_for_safety=True), link_sha256=None
    )

    for wrong in ({"link_sha256": b"a way in"}, {"status": LEFT}):
        await refused(house, replace(removed, **wrong), "contacts_removed_for_safety_check")
    await stored(house, removed)


async def test_only_a_suspended_contact_waits_for_reinstatement(
    house: House, norte: Wallet, olgas: Account
) -> None:
    agent = astrid(data_key_id=norte.data_key_id, wallets=(norte.id,))
    await stored(house, agent)
    proposed = of(olgas, a_contact(status=SUSPENDED), reinstatement_proposed_by=agent.id)

    await refused(house, replace(proposed, status=ACTIVE), "contacts_reinstatement_check")
    await stored(house, proposed)


async def test_the_mark_of_an_unconfirmed_address_and_its_end_come_together(
    house: House, olgas: Account
) -> None:
    asked = of(olgas, a_contact(unconfirmed_from=NOON, ends_at=NOON))

    for half in ({"unconfirmed_from": None}, {"ends_at": None}):
        await refused(house, replace(asked, **half), "contacts_unconfirmed_check")
    await stored(house, asked)


# Accounts, addresses, wallets ---------------------------------------------------------------


async def test_an_account_is_frozen_exactly_as_long_as_it_says_since_when(
    house: House, olgas: Account
) -> None:
    frozen = replace(olgas, state=FROZEN)

    async def saved(account: Account) -> Account:
        async with house.engine.begin() as db:
            return await put(db, olgas, account)

    for wrong in (frozen, replace(olgas, frozen_at=NOON)):
        with pytest.raises(IntegrityError, match='"accounts_frozen_since_check"'):
            await saved(wrong)
    await saved(replace(frozen, frozen_at=NOON))


async def test_an_account_closes_as_announced_and_never_while_frozen(
    house: House, olgas: Account
) -> None:
    announced = replace(olgas, closes_at=NOON, closing_reason=ClosingReason.DECEASED)
    frozen = replace(announced, state=FROZEN, frozen_at=NOON)

    async def saved(account: Account) -> Account:
        async with house.engine.begin() as db:
            return await put(db, olgas, account)

    for wrong, constraint in (
        (replace(announced, closing_reason=None), "accounts_closing_check"),
        (replace(olgas, state=CLOSED), "accounts_closed_check"),
        (frozen, "accounts_frozen_stays_check"),
    ):
        with pytest.raises(IntegrityError, match=f'"{constraint}"'):
            await saved(wrong)
    await saved(replace(announced, state=CLOSED))


def an_address(wallet: Wallet, holder: Person, **changes: Any) -> PersonAddress:
    proved = PersonAddress(
        id=AddressId(new_id()),
        wallet_id=wallet.id,
        person_id=holder.id,
        kind=AddressKind.EMAIL,
        address=b"sealed",
        address_index=b"carl",
        proved_at=NOON,
    )
    return replace(proved, **changes)


async def a_person(house: House, wallet: Wallet) -> Person:
    person = Person(
        id=PersonId(new_id()),
        wallet_id=wallet.id,
        data_key_id=None,
        language="es",
        created_at=NOON,
    )
    await stored(house, person)
    return person


async def test_an_address_has_at_most_one_holder_in_a_wallet(house: House, norte: Wallet) -> None:
    sur = await people.a_wallet(house, replace(people.NORTE, origin="http://sur.localhost:8000"))
    carl, mallory = await a_person(house, norte), await a_person(house, norte)
    carl_at_sur = await a_person(house, sur)
    one_holder = "person_addresses_wallet_id_kind_address_index_key"
    await stored(house, an_address(norte, carl))

    await refused(house, an_address(norte, mallory), one_holder)
    await refused(house, an_address(norte, carl), one_holder)
    await stored(
        house,
        an_address(norte, mallory, address_index=b"mallory"),
        an_address(norte, mallory, kind=AddressKind.PHONE),
        an_address(sur, carl_at_sur),
    )


async def test_no_two_wallets_live_at_one_origin(house: House, norte: Wallet) -> None:
    twin = replace(norte, id=WalletId(new_id()))

    await refused(house, twin, "wallets_origin_key")
    await stored(house, replace(twin, origin="http://sur.localhost:8000"))


# Tickets and proposals ------------------------------------------------------------------------


async def test_an_account_has_at_most_one_open_loss_ticket(
    house: House, norte: Wallet, olgas: Account
) -> None:
    mallorys = await people.olga(house, norte, subject="mallory")
    await stored(house, a_ticket_of(olgas))

    await refused(house, a_ticket_of(olgas), "tickets_one_open_loss_key")
    await stored(house, a_ticket_of(mallorys))


@pytest.mark.parametrize("kind", [TicketKind.SAFETY, TicketKind.DRILL])
async def test_drills_and_safety_tickets_stand_outside(
    house: House, olgas: Account, kind: TicketKind
) -> None:
    await stored(house, a_ticket_of(olgas, kind=kind), a_ticket_of(olgas, kind=kind))

    await stored(house, a_ticket_of(olgas))
    await refused(house, a_ticket_of(olgas), "tickets_one_open_loss_key")


async def test_the_next_loss_has_a_ticket_of_its_own_once_the_last_is_closed(
    house: House, olgas: Account
) -> None:
    closed = [a_ticket_of(olgas, stage=RELEASED, closed_at=NOON) for _ in range(2)]

    await stored(house, *closed, a_ticket_of(olgas))


async def test_a_ticket_is_closed_exactly_when_it_is_released(house: House, olgas: Account) -> None:
    await refused(house, a_ticket_of(olgas, closed_at=NOON), "tickets_closed_check")
    await refused(house, a_ticket_of(olgas, stage=RELEASED), "tickets_closed_check")


async def test_no_two_tickets_of_a_wallet_share_a_reference(house: House, olgas: Account) -> None:
    closed = a_ticket_of(olgas, stage=RELEASED, closed_at=NOON, reference="K7QF-3M2X-R")
    await stored(house, closed)

    await refused(
        house, a_ticket_of(olgas, reference="K7QF-3M2X-R"), "tickets_wallet_id_reference_key"
    )


async def a_proposed_ticket(
    house: House, norte: Wallet, olgas: Account
) -> tuple[Proposal, AgentId]:
    """What Astrid would propose on a stored ticket, and Arne."""
    ticket = a_ticket_of(olgas)
    agents = [a(data_key_id=norte.data_key_id, wallets=(norte.id,)) for a in (astrid, arne)]
    await stored(house, ticket, *agents)
    proposal = a_proposal(wallet_id=norte.id, ticket_id=ticket.id, proposed_by=agents[0].id)
    return proposal, agents[1].id


def again(proposal: Proposal, **changes: Any) -> Proposal:
    return replace(proposal, id=ProposalId(new_id()), **changes)


@pytest.mark.parametrize("status", [ProposalStatus.APPROVED, ProposalStatus.REJECTED])
async def test_the_table_itself_knows_that_it_takes_two(
    house: House, norte: Wallet, olgas: Account, status: ProposalStatus
) -> None:
    proposal, arnes = await a_proposed_ticket(house, norte, olgas)

    decided = again(proposal, status=status, decided_at=NOON)
    alone = replace(decided, decided_by=proposal.proposed_by)
    await refused(house, alone, "proposals_two_people_check")
    await refused(house, replace(decided, decided_by=None), "proposals_decided_by_check")
    await stored(house, replace(decided, decided_by=arnes))


async def test_a_proposal_cannot_be_made_its_proposer_s_own_approval_later(
    house: House, norte: Wallet, olgas: Account
) -> None:
    proposal, arnes = await a_proposed_ticket(house, norte, olgas)
    await stored(house, proposal)

    async def decided_by(agent: AgentId) -> None:
        approved = replace(proposal, status=ProposalStatus.APPROVED, decided_by=agent)
        async with house.engine.begin() as db:
            await put(db, proposal, approved)

    with pytest.raises(IntegrityError, match='"proposals_two_people_check"'):
        await decided_by(proposal.proposed_by)
    await decided_by(arnes)


async def test_a_ticket_has_at_most_one_pending_proposal(
    house: House, norte: Wallet, olgas: Account
) -> None:
    proposal, arnes = await a_proposed_ticket(house, norte, olgas)
    others: Sequence[Proposal] = (
        again(proposal, status=ProposalStatus.VOID),
        again(proposal, status=ProposalStatus.REJECTED, decided_by=arnes),
    )
    await stored(house, *others, proposal)

    await refused(house, again(proposal), "proposals_one_pending_key")
    await refused(house, again(proposal, proposed_by=arnes), "proposals_one_pending_key")


async def test_nobody_who_is_not_an_agent_proposes_or_approves(
    house: House, norte: Wallet, olgas: Account
) -> None:
    proposal, _ = await a_proposed_ticket(house, norte, olgas)
    nobody = AgentId(UUID(int=99))

    await refused(house, again(proposal, proposed_by=nobody), "proposals_proposed_by_fkey")
    await refused(
        house,
        again(proposal, status=ProposalStatus.APPROVED, decided_by=nobody),
        "proposals_decided_by_fkey",
    )
