"""About whom a stream is told (SSF 1.0, section 8.1.3).

Without a word it is told about every account of its wallet. Whether an account exists is never
said. Whoever was told of a freeze is told how it ends, also after the account was removed:
otherwise a receiver's key in the wrong hands could blind it (section 9.3).
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from sqlalchemy.dialects.postgresql import insert

from domain.events import StreamSubjectChosen
from domain.wallets import Wallet
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.ssf_streams import own_stream
from service.storage import load
from service.storage.rows import clock, record, row_of
from service.storage.tables import stream_subjects
from service.storage.values import StreamSubject

_LONGEST: Final = 255


async def choose(
    house: House,
    wallet: Wallet,
    by: Caller,
    stream_id: str,
    *,
    subject: Mapping[str, Any],
    added: bool,
) -> None:
    """Add or remove an account. Raises NotFound for the stream alone."""
    async with house.engine.begin() as db:
        stream = await own_stream(db, wallet, by, stream_id, for_change=True)
        name = _named(wallet, subject)
        account = None if name is None else await load.account_by_subject(db, wallet.id, name)
        if account is None:
            return
        chosen = StreamSubject(
            stream_id=stream.id,
            account_id=account.id,
            wallet_id=wallet.id,
            added=added,
            at=await clock(db),
        )
        new = insert(stream_subjects).values(row_of(chosen))
        await db.execute(
            new.on_conflict_do_update(
                index_elements=["stream_id", "account_id"],
                set_={"added": new.excluded.added, "at": new.excluded.at},
            )
        )
        told = StreamSubjectChosen(
            client_id=stream.client_id,
            stream_id=stream.id,
            about_id=account.id,
            added=added,
            at=chosen.at,
        )
        await record(db, wallet.id, [told], by=by.actor)


def _named(wallet: Wallet, subject: Mapping[str, Any]) -> str | None:
    """The wallet's own id of the user; None for whatever names nobody here.

    By us, or by the wallet's identity provider, whose `sub` is the same id. A complex subject names
    the user among others.
    """
    if subject.get("format") == "complex":
        user: Any = subject.get("user")
        return _named(wallet, user) if _is_simple(user) else None
    if subject.get("format") != "iss_sub":
        return None
    issuer, name = subject.get("iss"), subject.get("sub")
    known = issuer is not None and issuer in (wallet.origin, wallet.issuer)
    # What no account can be called must not reach the database: it knows no NUL.
    possible = isinstance(name, str) and 0 < len(name) <= _LONGEST and name.isprintable()
    return name if known and possible else None


def _is_simple(user: Any) -> bool:
    # As it was read from JSON: its members have names.
    return isinstance(user, dict) and cast("dict[str, Any]", user).get("format") != "complex"
