import time
import pytest
from sqlalchemy import text
from service.storage import load
from service.storage.load import signs as m
from tests import people as cast
from tests.desks import a_case
pytestmark = pytest.mark.anyio

@pytest.mark.timeout(500)
async def test_perf(house):
    wallet = await cast.a_wallet(house)
    case = await a_case(house, wallet)
    N = 60000
    async with house.engine.begin() as db:
        async def copy(table, changes, n=N, where="true"):
            cols = [r[0] for r in await db.execute(text("select column_name from information_schema.columns where table_name=:t and is_generated='NEVER' and table_schema='public'"), {"t": table})]
            sel = ", ".join(changes.get(c, f'x."{c}"') for c in cols)
            names = ", ".join(f'"{c}"' for c in cols)
            await db.execute(text(f"insert into {table} ({names}) select {sel} from (select * from {table} where {where} limit 1) x, generate_series(1,{n}) g"))
        u = lambda k: f"md5('{k}' || g)::uuid"
        h = lambda k: f"decode(md5('{k}' || g), 'hex')"
        await copy("persons", {"id": u("p"), "data_key_id": "null"})
        await copy("persons", {"id": u("q"), "data_key_id": "null"})
        await copy("accounts", {"id": u("a"), "subject": "'s' || g", "person_id": u("p")})
        await copy("account_addresses", {"id": u("aa"), "account_id": u("a"), "address_index": h("aa")})
        await copy("contacts", {"id": u("c"), "account_id": u("a"), "person_id": u("q"), "address_index": h("c"), "link_sha256": h("l")})
        await copy("person_addresses", {"id": u("pa"), "person_id": u("q"), "address_index": h("c"), "beside_id": "null"})
        await copy("tickets", {"id": u("t"), "account_id": u("a"), "reference": "'R' || g"})
        await copy("loss_reports", {"id": u("r"), "account_id": u("a"), "contact_id": u("c"), "person_id": u("q"), "ticket_id": u("t"), "reference": "'R' || g", "network": "decode(md5('n' || (g % 20)), 'hex')"})
        await copy("loss_reports", {"id": u("r2"), "account_id": u("a"), "contact_id": u("c"), "person_id": u("q"), "ticket_id": u("t"), "reference": "'Q' || g", "network": "decode(md5('n' || (g % 20)), 'hex')", "filed_at": "x.filed_at - interval '40 days'"})
        await db.execute(text(f"insert into refused_tries select md5('a' || g)::uuid, date_trunc('minute', resguardo_clock()) + make_interval(mins => k), 'session', 'new', (select id from wallets limit 1), 3, resguardo_clock() + make_interval(mins => k) from generate_series(1,50) g, generate_series(1,3000) k"))
    async with house.engine.connect() as db:
        await db.execution_options(isolation_level="AUTOCOMMIT")
        await db.execute(text("analyze"))
    async with house.engine.connect() as db:
        ids = [r[0] for r in await db.execute(text("select id from tickets where id in (select md5('t' || g)::uuid from generate_series(1,50) g)"))]
        for _ in range(4):
            t = time.perf_counter()
            found = await load.sign_counts(db, ids)
            print("MS", 1000 * (time.perf_counter() - t), sorted(found.values())[:5], len(found))
        t = time.perf_counter(); await load.sign_facts(db, ids[:1]); print("ONE", 1000*(time.perf_counter()-t))
        plan = (await db.execute(text("explain (analyze, buffers off) " + str(m._FACTS)).bindparams(*[b for b in m._FACTS._bindparams.values()]), {"ids": ids})).scalars().all()
        open("/tmp/h/plan7.txt","w").write("\n".join(plan))
