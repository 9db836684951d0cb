"""However many accounts and sessions there are, a gateway's question is looked up by its keys."""

import re
from typing import Any, Final

import asyncpg
import pytest

from service.app import plain_url
from service.embedded import OWNER, Cluster
from service.security.tokens import digest, new_id
from service.storage.batches import BY_KEYS
from service.storage.introspection import AS_CLIENT, WITH_TOKEN

pytestmark = pytest.mark.anyio
# The driver has no annotations of its own.
_driver: Any = asyncpg
WHO: Final = {AS_CLIENT: "gateway", WITH_TOKEN: digest("an access token")}


@pytest.mark.parametrize("statement", list(WHO), ids=["as client", "with token"])
@pytest.mark.parametrize("has_statistics", [False, True])
async def test_it_starts_from_the_tokens(
    cluster: Cluster, database: str, statement: str, *, has_statistics: bool
) -> None:
    """Without statistics the planner would rather read every account of the wallet."""
    db = await _driver.connect(plain_url(cluster.url(OWNER, database)), server_settings=BY_KEYS)
    try:
        if has_statistics:
            await db.execute("analyze accounts, wallet_sessions")
        rows = await db.fetch(
            f"explain {statement}", new_id(), WHO[statement], [digest("a"), digest("b")]
        )
    finally:
        await db.close()

    plan = "\n".join(row[0] for row in rows)
    read = re.findall(r"Scan(?: using (\w+))? on (wallet_sessions|accounts)\b", plan)
    assert sorted(read) == [
        ("accounts_pkey", "accounts"),
        ("wallet_sessions_token_sha256_key", "wallet_sessions"),
    ]
