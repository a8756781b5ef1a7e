-- Roles of a ledger on PostgreSQL, and what each may do. Run once by the database's owner, after the migrations:
--
--     psql --set=ON_ERROR_STOP=1 --dbname=LEDGER --file=grants.sql
--
-- The owner of the tables could drop the triggers that keep them append-only, so no program runs as the owner. Give each
-- login role exactly one of these, e.g. GRANT entente_writer TO calais_service;
--
--   entente_writer      the sequencer: appends and reads, never changes or deletes
--   entente_eraser      erasure of sections and wraps under a recorded decision: deletes there and nowhere else
--   entente_cosigner    a nation's cosigner on site: reads, and adds its cosignatures
--   entente_reader_gb   London's projections, and entente_reader_fr Paris's: read the log; what is sealed to the other
--                       nation is ciphertext to them, because the keys are not in the database
--   entente_auditor     `entente verify` and `entente doctor`: reads everything

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[
        'entente_writer', 'entente_eraser', 'entente_cosigner', 'entente_reader_gb', 'entente_reader_fr', 'entente_auditor'
    ] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
    END LOOP;
END $$;

REVOKE ALL ON entries, sections, wraps, checkpoints, cosignatures, tiles, ledger_revision FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

GRANT SELECT ON entries, sections, wraps, checkpoints, cosignatures, tiles, ledger_revision
    TO entente_writer, entente_cosigner, entente_reader_gb, entente_reader_fr, entente_auditor;
GRANT INSERT ON entries, sections, wraps, checkpoints, cosignatures, tiles TO entente_writer;
GRANT INSERT ON cosignatures TO entente_cosigner;
GRANT SELECT (position, name), DELETE ON sections TO entente_eraser;
GRANT SELECT (position, name, recipient), DELETE ON wraps TO entente_eraser;
-- Releasing a section to another recipient adds a wrap; that is the writer's INSERT above.
