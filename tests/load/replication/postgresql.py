"""Their side: a publication and three subscriptions of the same table, on a server of its own with
the same settings. The tables are those of Mamparo's write side and of its replicas, with the same
columns and indexes; the rows of a backlog are Mamparo's, in the same transactions. With a history
it replicates a line for each record too, as Mamparo does; otherwise half of that work is saved."""
import json
import os
import subprocess
import uuid

from harness.engines import PASSWORD, POSTGRES_BIN

from frame.durable import make_durable

from .side import CONTENT, REPLICAS, Side

INSERT = """INSERT INTO medical.entries (id, version, deleted, created_at, body)
    VALUES (%s, %s, %s, %s, %s)"""

BACKLOG = """SELECT xmin::text::bigint, id, version, deleted, created_at, body
    FROM medical.entries WHERE body::json->>'title' LIKE %s"""

# Committed one after another as they were there, but without waiting for the disk.
REPLAY = """CREATE PROCEDURE replay() LANGUAGE plpgsql AS $$ DECLARE transaction bigint; BEGIN
    FOR transaction IN SELECT DISTINCT xact FROM backlog ORDER BY 1 LOOP
        INSERT INTO medical.entries SELECT id, version, deleted, created_at, body
            FROM backlog WHERE xact = transaction;
        COMMIT;
    END LOOP;
    TRUNCATE backlog;
    END $$"""


# As Mamparo's replicas have it.
HISTORY = """CREATE TABLE history (
    collection text NOT NULL, subject uuid NOT NULL, version bigint NOT NULL,
    time timestamptz NOT NULL, kind text NOT NULL, actor text, before text, after text,
    PRIMARY KEY (subject, version, collection, time))"""
NOTED = """CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO history VALUES ('medical/entries', NEW.id, NEW.version, NEW.created_at, 'created',
        NULL, NULL, NEW.body);
    RETURN NULL; END $$"""
NOTE = """CREATE TRIGGER note AFTER INSERT ON medical.entries FOR EACH ROW
    EXECUTE FUNCTION note()"""


class PostgreSQL(Side):
    def __init__(self, site, ours, with_history):
        self.ours = ours
        postgres = make_durable(site.new_postgres().make())
        super().__init__("PostgreSQL", postgres, "source", [f"sink_{n}" for n in range(REPLICAS)])
        for database, model in [(self.source, ours.source),
                                *((sink, ours.replicas[0]) for sink in self.replicas)]:
            postgres.create(database)
            self.run(database, table_of(ours.postgres, model))
        if with_history:
            for database in [self.source, *self.replicas]:
                self.run(database, HISTORY)
            self.run(self.source, NOTED, NOTE)
        tables = "medical.entries, history" if with_history else "medical.entries"
        self.run(
            self.source, REPLAY, f"CREATE PUBLICATION entries FOR TABLE {tables}",
            """CREATE UNLOGGED TABLE backlog (xact bigint, id uuid, version bigint, deleted boolean,
               created_at timestamptz, body text)""", "CREATE INDEX ON backlog (xact)")
        for sink in self.replicas:
            self._subscribe(sink)
        self.prepare_watching()

    def _subscribe(self, sink):
        """Its slot is made first: in one cluster a subscription would wait for itself."""
        source = (f"host=127.0.0.1 port={self.postgres.port} user=tester password={PASSWORD}"
                  f" dbname={self.source}")
        self.run(self.source, f"SELECT pg_create_logical_replication_slot('{sink}', 'pgoutput')")
        self.run(sink, f"""CREATE SUBSCRIPTION {sink} CONNECTION '{source}' PUBLICATION entries
            WITH (create_slot = false, copy_data = false, enabled = false)""")

    def release(self):
        for sink in self.replicas:
            self.run(sink, f"ALTER SUBSCRIPTION {sink} ENABLE")

    def hold(self):
        for sink in self.replicas:
            self.run(sink, f"ALTER SUBSCRIPTION {sink} DISABLE")

    def writer(self):
        connection = self.postgres.connect(self.source)

        def write(title):
            identifier, now = uuid.uuid4(), "2026-11-21T08:15:30.250Z"
            body = {"id": str(identifier), "version": 1, "title": title, "content": CONTENT,
                    "created_at": now, "updated_at": now, "created_by": None, "updated_by": None}
            text = json.dumps(body, separators=(",", ":"))
            connection.execute(INSERT, [identifier, 1, False, now, text])

        return write

    def copy_backlog(self, tag):
        rows = self.ours.postgres.query(self.ours.source, BACKLOG, f"{tag} %")
        with self.postgres.connect(self.source) as connection:
            with connection.cursor().copy("COPY backlog FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            connection.execute("ANALYZE backlog")
            connection.execute("SET synchronous_commit = off")
            connection.execute("CALL replay()")


def table_of(postgres, database):
    """The statements that make medical.entries as it is there, with what its columns need."""
    done = subprocess.run(
        [f"{POSTGRES_BIN}/pg_dump", "--schema-only", "--no-owner", "--no-publications",
         "-N", "public", "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "tester", database],
        env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD}, check=True, text=True,
        capture_output=True)
    return "\n".join(line for line in done.stdout.splitlines()
                     if not line.startswith("\\") and "search_path" not in line)
