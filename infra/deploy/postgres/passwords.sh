#!/bin/sh
# Runs once, in the catalog's container, after roles.sql.
set -eu
psql -v ON_ERROR_STOP=1 -d "$POSTGRES_DB" -v worker="$WORKER_PASSWORD" -v reader="$READER_PASSWORD" <<'SQL'
ALTER ROLE tributary_worker PASSWORD :'worker';
ALTER ROLE tributary_reader PASSWORD :'reader';
SQL
