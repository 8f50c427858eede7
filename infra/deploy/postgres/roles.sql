-- Roles of the lake's catalog, least privilege first. Run as the owner of the server, connected to the catalog's database:
--   psql -v ON_ERROR_STOP=1 -d tributary -f roles.sql
-- It may be run again. Passwords are set apart from it: \password tributary_worker, \password tributary_reader.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tributary_worker') THEN CREATE ROLE tributary_worker; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tributary_reader') THEN CREATE ROLE tributary_reader; END IF;
END $$;

-- DuckLake makes tables as it goes, so the worker owns them; it owns nothing else, and neither may become anybody else.
ALTER ROLE tributary_worker LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT CONNECTION LIMIT 100;
ALTER ROLE tributary_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT CONNECTION LIMIT 50;
-- A person's query ends; a worker's commit has limits of its own.
ALTER ROLE tributary_reader SET default_transaction_read_only = on;
ALTER ROLE tributary_reader SET statement_timeout = '60s';
ALTER ROLE tributary_reader SET idle_in_transaction_session_timeout = '10min';

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO tributary_worker', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO tributary_reader', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO tributary_worker;
GRANT USAGE ON SCHEMA public TO tributary_reader;

-- A catalog that another role made before.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tributary_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO tributary_worker;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO tributary_reader;
-- And what the worker will make.
ALTER DEFAULT PRIVILEGES FOR ROLE tributary_worker IN SCHEMA public GRANT SELECT ON TABLES TO tributary_reader;
