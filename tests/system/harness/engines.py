"""A private PostgreSQL and a private Redis: own folder, own port, nothing of the machine's."""
import os
import shutil
import signal
import subprocess

import psycopg
import redis

from .process import HERE, Process, wait_until

POSTGRES_BIN = "/usr/lib/postgresql/15/bin"
PASSWORD = "s3cret-of-the-tests"

# Nothing here must survive the machine, only its own processes: so no fsync.
SETTINGS = """
unix_socket_directories = ''
max_connections = 400
wal_level = logical
max_wal_senders = 100
max_replication_slots = 400
fsync = off
log_min_messages = fatal
"""

FIRST_WORDS = f"""CREATE ROLE tester SUPERUSER LOGIN PASSWORD '{PASSWORD}';

CREATE ROLE mamparo LOGIN REPLICATION PASSWORD '{PASSWORD}';

"""


class Postgres(Process):
    def __init__(self, name, folder, port, host=HERE):
        self.data = folder / name
        self.port = port
        command = [f"{POSTGRES_BIN}/postgres", "-D", self.data]
        super().__init__(name, folder, command, user="postgres", host=host)

    def make(self):
        """Makes the empty database cluster. The roles come before it ever listens."""
        self.data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.data, self.user, self.user)
        self._tool("initdb", "-D", self.data, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
                   "--auth-local=reject", "--auth-host=scram-sha-256")
        self._tool("postgres", "--single", "-D", self.data, "-j", "postgres", words=FIRST_WORDS)
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as conf:
            conf.write(f"{SETTINGS}\nport = {self.port}\n"
                       f"listen_addresses = '{self.host.address}'\n")
        with open(self.data / "pg_hba.conf", "a", encoding="ascii") as rules:
            rules.write("host all all samenet scram-sha-256\n")
        return self

    def _tool(self, program, *arguments, words=""):
        subprocess.run([*self._wrapper(), f"{POSTGRES_BIN}/{program}", *map(str, arguments)],
                       cwd=self.folder, input=words, text=True, capture_output=True, check=True)

    def start(self):
        super().start()
        wait_until(self._answers, 30, f"{self.name} to accept connections")
        return self

    def _answers(self):
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, seconds=30):
        """At once: SIGTERM would wait for the last client to leave."""
        return self._end(signal.SIGINT, seconds)

    def kill(self):
        """The whole of it: killed alone, the postmaster leaves its children to finish."""
        self._end(signal.SIGQUIT, 30)

    def connect(self, database):
        return psycopg.connect(host=self.host.address, port=self.port, dbname=database,
                               user="tester", password=PASSWORD, autocommit=True,
                               connect_timeout=5)

    def create(self, database):
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {database} OWNER mamparo")

    def url(self, database):
        return f"postgresql://mamparo:{PASSWORD}@{self.host.address}:{self.port}/{database}"

    def query(self, database, statement, *parameters):
        with self.connect(database) as connection:
            return connection.execute(statement, parameters).fetchall()


class Redis(Process):
    """Keeps nothing on disk: killed and started again, it is empty."""

    def __init__(self, name, folder, port, host=HERE):
        self.port = port
        super().__init__(name, folder, [
            "redis-server", "--bind", host.address, "--port", port, "--dir", folder,
            "--save", "", "--appendonly", "no", "--protected-mode", "no"], host=host)
        self.client = redis.Redis(host.address, port, socket_timeout=5)

    def start(self):
        super().start()
        wait_until(self._answers, 10, f"{self.name} to answer")
        return self

    def _answers(self):
        try:
            return self.client.ping()
        except redis.RedisError:
            return False

    def forget(self):
        self.client.close()

    def url(self):
        return f"redis://{self.host.address}:{self.port}/0"
