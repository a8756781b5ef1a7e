-- Roles of a site's PostgreSQL, and what each may do: what the service answers to whom, said again by the database.
-- Run by a superuser in each database of the site, after the migrations and after each upgrade; running it again changes nothing:
--
--     psql --set=ON_ERROR_STOP=1 --dbname=LEDGER --file=grants.sql
--
-- The owner of the log's tables could drop the triggers that keep them append-only, so no program runs as the owner. Give each
-- login role exactly one of these, and the service's one past the row security that it has no part in (COPY cannot pass it):
--
--     CREATE ROLE calais_service LOGIN BYPASSRLS IN ROLE entente_writer;
--
--   entente_writer         the service: appends to the log and reads it, never changes or deletes
--   entente_eraser         erasure of sections and wraps under a recorded decision: deletes there and nowhere else
--   entente_cosigner       a nation's cosigner on site: reads, and adds its cosignatures
--   entente_reader_gb      reads the log, the sections and wraps that London holds, and London's view; _fr: Paris's
--   entente_follower_gb    the same, keeps London's view, and London's access log, which it begins anew each month; _fr: Paris's
--   entente_auditor        `entente verify` and `entente doctor`: reads all of the log, where what is sealed is ciphertext
--   entente_administrator  how far the log and the views are, and nothing that is in them

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[
        'entente_writer', 'entente_eraser', 'entente_cosigner', 'entente_reader_gb', 'entente_reader_fr',
        'entente_follower_gb', 'entente_follower_fr', 'entente_auditor', 'entente_administrator'
    ] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
    END LOOP;
END $$;

GRANT entente_reader_gb TO entente_follower_gb;
GRANT entente_reader_fr TO entente_follower_fr;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- The log, where it is kept in this database. Releasing a section to another recipient adds a wrap: the writer's INSERT.
DO $$
DECLARE
    nation text;
    erasable text;
BEGIN
    IF to_regclass('public.entries') IS NULL THEN
        RETURN;
    END IF;
    REVOKE ALL ON entries, sections, wraps, checkpoints, cosignatures, tiles, ledger_revision FROM PUBLIC;
    GRANT SELECT ON entries, sections, wraps, checkpoints, cosignatures, tiles, ledger_revision
        TO entente_writer, entente_cosigner, entente_reader_gb, entente_reader_fr, entente_auditor;
    GRANT INSERT ON entries, sections, wraps, checkpoints, cosignatures, tiles TO entente_writer;
    GRANT INSERT ON cosignatures TO entente_cosigner;
    GRANT SELECT (position, name), DELETE ON sections TO entente_eraser;
    GRANT SELECT (position, name, recipient), DELETE ON wraps TO entente_eraser;
    GRANT SELECT ON ledger_revision TO entente_administrator;
    GRANT SELECT (position) ON entries TO entente_administrator;
    GRANT SELECT (size) ON checkpoints TO entente_administrator;
    GRANT SELECT (size, name) ON cosignatures TO entente_administrator;

    -- A nation holds the sections that are wrapped to it, and of these its own wraps.
    FOREACH erasable IN ARRAY ARRAY['sections', 'wraps'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', erasable);
        EXECUTE format('DROP POLICY IF EXISTS all_of_it ON %I', erasable);
        EXECUTE format(
            'CREATE POLICY all_of_it ON %I TO entente_writer, entente_eraser, entente_cosigner, entente_auditor'
            ' USING (true) WITH CHECK (true)', erasable
        );
    END LOOP;
    FOREACH nation IN ARRAY ARRAY['GB', 'FR'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS %I ON wraps', 'held_by_' || lower(nation));
        EXECUTE format('DROP POLICY IF EXISTS %I ON sections', 'held_by_' || lower(nation));
        EXECUTE format(
            'CREATE POLICY %I ON wraps FOR SELECT TO %I USING (recipient = %L)',
            'held_by_' || lower(nation), 'entente_reader_' || lower(nation), nation
        );
        EXECUTE format(
            'CREATE POLICY %I ON sections FOR SELECT TO %I USING (EXISTS (SELECT 1 FROM wraps AS held'
            ' WHERE held.position = sections.position AND held.name = sections.name AND held.recipient = %L))',
            'held_by_' || lower(nation), 'entente_reader_' || lower(nation), nation
        );
    END LOOP;
END $$;

-- The views that are kept in this database. A view is derived: who keeps it owns it, because a rebuild makes its indexes anew.
DO $$
DECLARE
    nation text;
    kept text;
    found record;
BEGIN
    FOREACH nation IN ARRAY ARRAY['gb', 'fr'] LOOP
        kept := 'view_' || nation;
        IF to_regnamespace(kept) IS NULL THEN
            CONTINUE;
        END IF;
        EXECUTE format('ALTER SCHEMA %I OWNER TO %I', kept, 'entente_follower_' || nation);
        FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = kept LOOP
            EXECUTE format('ALTER TABLE %I.%I OWNER TO %I', kept, found.tablename, 'entente_follower_' || nation);
        END LOOP;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, entente_administrator', kept, 'entente_reader_' || nation);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', kept, 'entente_reader_' || nation);
        EXECUTE format('GRANT SELECT ON %1$I.view_revision, %1$I.view_head TO entente_administrator', kept);
        EXECUTE format('GRANT SELECT (position) ON %1$I.progress_a, %1$I.progress_b TO entente_administrator', kept);
        EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', current_database(), 'entente_follower_' || nation);
    END LOOP;
END $$;
