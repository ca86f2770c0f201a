"""A PostgreSQL database that one test has used, made as good as new for the next: five times faster than copying a
template and dropping the copy.

The rows are deleted with triggers and foreign keys out of the way, the sequences begin again, and the database gets a new
name, so that nothing left over from an earlier test can connect to it. A test that changes anything but rows and sequences
(it drops a trigger, say) is noticed by the template itself, and its database is not used again."""

from psycopg import Connection, connect

MOST_USES = 60
"""How often a database is used: what is deleted leaves dead rows behind, which slow down whoever reads over them."""

_PREPARE = """
CREATE SCHEMA of_tests;
CREATE TABLE of_tests.schema_change (at timestamptz);
CREATE TABLE of_tests.sequence AS SELECT sequencename AS name, start_value, last_value FROM pg_sequences;

CREATE FUNCTION of_tests.note_schema_change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO of_tests.schema_change VALUES (now());
END $$;

CREATE FUNCTION of_tests.tables_with_rows(OUT name text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT quote_ident(relname) FROM pg_class
  WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
$$;

CREATE FUNCTION of_tests.empty() RETURNS boolean LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE
  filled text;
BEGIN
  IF EXISTS (SELECT FROM of_tests.schema_change) THEN
    RETURN false;
  END IF;
  FOR filled IN SELECT name FROM of_tests.tables_with_rows() LOOP
    EXECUTE 'DELETE FROM public.' || filled;
  END LOOP;
  FOR filled IN SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'of_tests_kept'::regnamespace LOOP
    EXECUTE 'INSERT INTO public.' || filled || ' SELECT * FROM of_tests_kept.' || filled;
  END LOOP;
  PERFORM setval(quote_ident(name)::regclass, coalesce(kept.last_value, kept.start_value), kept.last_value IS NOT NULL)
    FROM of_tests.sequence kept JOIN pg_sequences now ON sequencename = name
    WHERE now.last_value IS DISTINCT FROM kept.last_value;
  RETURN true;
END $$;

CREATE SCHEMA of_tests_kept;
DO $$
DECLARE
  filled text;
BEGIN
  FOR filled IN SELECT name FROM of_tests.tables_with_rows() LOOP
    EXECUTE 'CREATE TABLE of_tests_kept.' || filled || ' AS SELECT * FROM public.' || filled;
  END LOOP;
END $$;

CREATE EVENT TRIGGER schema_changes ON ddl_command_end EXECUTE FUNCTION of_tests.note_schema_change();
ALTER EVENT TRIGGER schema_changes ENABLE ALWAYS;
TRUNCATE of_tests.schema_change;
"""


def prepare(url: str) -> None:
    """Teach the template at `url` how its copies are put back to what it holds now."""
    with _connected(url) as connection:
        connection.execute(_PREPARE)


def empty(url: str) -> bool:
    """Put the database back, once nobody else is connected to it; whether it may be used again."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with _connected(url) as connection:
        assert all(row[0] for row in connection.execute(f"SELECT pg_terminate_backend(pid, 10000) {others}"))
        emptied = connection.execute("SELECT of_tests.empty()").fetchone()
    return emptied == (True,)


def _connected(url: str) -> Connection:
    # Not through SQLAlchemy, which asks a server it does not know yet several questions first.
    return connect(url.replace("+psycopg", "", 1), autocommit=True)
