"""What agents sign in with besides password and authenticator: passkeys, and codes on paper."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Named,
    Table,
    TypedColumns,
    UniqueConstraint,
)

from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_to,
    metadata,
    one_of,
    row_version,
    sealed,
    to,
    words,
)


class agent_passkeys_columns(TypedColumns):
    id: Named[UUID] = key()
    agent_id: Named[UUID] = to("agents.id")
    credential_id: Named[bytes] = Column(LargeBinary, nullable=False, unique=True)
    # As the authenticator gave it (COSE); only signatures are checked with it.
    public_key: Named[bytes] = Column(LargeBinary, nullable=False)
    sign_count: Named[int] = Column(BigInteger, nullable=False)
    # What the agent calls it, sealed under the agent's key.
    name: Named[bytes] = sealed()
    added_at: Named[datetime] = instant()
    used_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


agent_passkeys = Table(
    "agent_passkeys",
    metadata,
    agent_passkeys_columns,
    Index("agent_passkeys_agent_id_idx", "agent_id"),
)


class passkey_challenges_columns(TypedColumns):
    id: Named[UUID] = key()
    challenge_sha256: Named[bytes] = Column(LargeBinary, nullable=False, unique=True)
    purpose: Named[str] = words()
    # Of the browser that asked: nobody answers it from another.
    browser_sha256: Named[bytes] = Column(LargeBinary, nullable=False)
    # None at the door: who it is, the answer says.
    agent_id: Named[UUID | None] = maybe_to("agents.id")
    expires_at: Named[datetime] = instant()


passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    passkey_challenges_columns,
    one_of("purpose", "sign-in", "prove-again", "register"),
    CheckConstraint("(purpose = 'sign-in') = (agent_id IS NULL)", name="whose"),
    Index("passkey_challenges_expires_at_idx", "expires_at"),
)


class agent_codes_columns(TypedColumns):
    id: Named[UUID] = key()
    agent_id: Named[UUID] = to("agents.id")
    mark: Named[str] = words()
    code_hash: Named[str] = words()
    made_at: Named[datetime] = instant()
    used_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


agent_codes = Table(
    "agent_codes",
    metadata,
    agent_codes_columns,
    UniqueConstraint("agent_id", "mark"),
)
