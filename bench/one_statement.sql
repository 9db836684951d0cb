-- The same rows as a report writes, in one statement: the most that PostgreSQL itself can do.
\set at random(1, :accounts)
with chosen as (
  select account_id, contact_id, session_id from bench_ready where number = :at
), frozen as (
  update accounts a
     set state = 'frozen', frozen_at = resguardo_clock(), version = a.version + 1,
         epoch = a.epoch + 1, sessions_void_before = resguardo_clock(),
         row_version = a.row_version + 1
    from chosen where a.id = chosen.account_id
  returning a.id, a.wallet_id
), ticket as (
  insert into tickets (id, wallet_id, account_id, kind, priority, stage, boost, reference,
                       opened_at, first_attempt_until, decision_until, evidence_version,
                       unconfirmed, danger, row_version)
  select gen_random_uuid(), wallet_id, id, 'drill', 'urgent', 'opened', 0,
         gen_random_uuid()::text, resguardo_clock(), resguardo_clock(), resguardo_clock(), 0,
         false, false, 1
    from frozen
  returning id, wallet_id, account_id
), report as (
  insert into loss_reports (id, wallet_id, account_id, contact_id, person_id, ticket_id,
                            reference, way, verified_by, kind, owner_safe, note, status, joined,
                            unconfirmed, filed_at, row_version)
  select gen_random_uuid(), t.wallet_id, t.account_id, c.id, c.person_id, t.id,
         gen_random_uuid()::text, 'link', 'email', 'stolen', 'unknown', '\x00', 'filed', false,
         false, resguardo_clock(), 1
    from ticket t join contacts c on c.id = (select contact_id from chosen)
  returning id, contact_id, wallet_id, account_id
), told as (
  insert into outbox (id, wallet_id, event, body, created_at, signal_waiting)
  select gen_random_uuid(), wallet_id, 'account-frozen', repeat('x', 220), resguardo_clock(),
         number = 1
    from report, generate_series(1, 3) as number
  returning wallet_id
), written as (
  insert into journal (id, wallet_id, at, account_id, entry)
  select gen_random_uuid(), wallet_id, resguardo_clock(), account_id, repeat('x', 280)
    from report, generate_series(1, 3)
  returning wallet_id
), answered as (
  insert into idempotency_keys (wallet_id, caller, route, key, body_sha256, answer, created_at)
  select wallet_id, id::text, 'r/confirm', id::text, '\x00', repeat('x', 80)::bytea,
         resguardo_clock()
    from report
  returning wallet_id
)
update browser_sessions s
   set report_id = report.id, row_version = s.row_version + 1
  from report where s.id = (select session_id from chosen);
