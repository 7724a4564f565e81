"""What stands in for Google's services: Secret Manager and the database's users, behind a `gcloud`
that knows the commands of terraform/modules/data/secrets.sh; and the databases themselves, as
secrets.sh addresses them: PostgreSQL with TLS on port 5432 of an address of its own, archiving its
log, and Redis with AUTH."""
import os
import random
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import redis
from harness.cluster import REPOSITORY
from harness.engines import PASSWORD, POSTGRES_BIN, Postgres, Redis
from harness.process import Host

NAME = "mamparo-lab"
SECRETS_SH = REPOSITORY / "terraform/modules/data/secrets.sh"


class CloudSql(Postgres):
    """The write database. Its segments are small, so that a log of some megabytes has several."""

    def __init__(self, folder):
        host = Host(f"127.{random.randrange(64, 128)}.{random.randrange(256)}.2")
        super().__init__("cloud-sql", folder, 5432, host)
        self.archive, self.backup = folder / "archive", folder / "backup"

    def make(self):
        super().make()
        for folder in [self.archive, self.backup]:
            folder.mkdir(mode=0o700)
            shutil.chown(folder, self.user, self.user)
        certificate, key = self.data / "server.crt", self.data / "server.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=cloud-sql", "-out", certificate, "-keyout", key],
                       check=True, capture_output=True)
        for file in [certificate, key]:
            shutil.chown(file, self.user, self.user)
        self.set("ssl = on", "archive_mode = on", "archive_timeout = 1",
                 f"archive_command = 'cp %p {self.archive}/%f'")
        with open(self.data / "pg_hba.conf", "a", encoding="ascii") as rules:
            rules.write("host replication tester samenet scram-sha-256\n")
        return self

    def _tool(self, program, *arguments, words=""):
        if program == "initdb":
            arguments += ("--wal-segsize=1",)
        super()._tool(program, *arguments, words=words)

    def set(self, *lines):
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as conf:
            conf.write("\n".join(["", *lines, ""]))

    def back_up(self):
        """The whole of it, but for replication slots."""
        subprocess.run(
            [*self._wrapper(), f"{POSTGRES_BIN}/pg_basebackup", "-h", self.host.address,
             "-U", "tester", "-D", self.backup, "-c", "fast", "-X", "none"], check=True,
            capture_output=True, cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD})

    def restore(self, moment):
        """To where it was at a moment, in its own place; it must have been stopped."""
        self.data.rename(self.folder / "what-was-there")
        self.backup.rename(self.data)
        self.set(f"restore_command = 'cp {self.archive}/%f %p'",
                 f"recovery_target_time = '{moment}'", "recovery_target_action = 'promote'")
        (self.data / "recovery.signal").touch()

    def is_writable(self):
        return self.query("postgres", "SELECT NOT pg_is_in_recovery()") == [(True,)]


class Memorystore(Redis):
    def __init__(self, name, folder, port):
        super().__init__(name, folder, port)
        self.password = secrets.token_hex(18)
        self.command += ["--requirepass", self.password]
        self.client = redis.Redis(port=port, password=self.password, socket_timeout=5)

    def change_password(self):
        self.password = secrets.token_hex(18)
        self.client.config_set("requirepass", self.password)
        self.client = redis.Redis(port=self.port, password=self.password, socket_timeout=5)


GCLOUD = """#!{python}
import os, sys
from pathlib import Path
import psycopg

asked, vault = " ".join(sys.argv[1:]), Path(os.environ["LAB_VAULT"])


def after(word):
    return sys.argv[sys.argv.index(word) + 1]


if "get-auth-string" in asked:
    print(os.environ["LAB_AUTH"])
elif "sql users list" in asked:
    print("mamparo")
elif "sql users set-password" in asked:
    password = Path(after("--flags-file")).read_text().removeprefix("--password: ").strip()
    with psycopg.connect(os.environ["LAB_DATABASE"], autocommit=True) as connection:
        connection.execute(f"ALTER ROLE mamparo PASSWORD '{{password}}'")
elif "secrets versions list" in asked:
    print("1" if (vault / after("list")).exists() else "", end="")
elif "secrets versions access" in asked:
    print((vault / after("--secret")).read_text(), end="")
elif "secrets versions add" in asked:
    (vault / after("add")).write_text(sys.stdin.read())
else:
    sys.exit(f"the lab knows no gcloud {{asked}}")
"""


class Cloud:
    """The databases, and the secrets that secrets.sh fills and rotates."""

    def __init__(self, folder, ports):
        self.folder, self.ports, self.made = folder, ports, 0
        self.vault = folder / "vault"
        self.vault.mkdir()
        gcloud = folder / "bin" / "gcloud"
        gcloud.parent.mkdir()
        gcloud.write_text(GCLOUD.format(python=sys.executable), encoding="ascii")
        gcloud.chmod(0o755)
        self.sql = CloudSql(folder).make().start()
        self.sql.create("mamparo")
        self.redis = self.new_redis().start()
        self.secrets_sh()

    def new_redis(self):
        self.made += 1
        return Memorystore(f"memorystore-{self.made}", self.folder, self.ports.take())

    def secrets_sh(self, *words):
        """What it said."""
        how = {"text": True, "capture_output": True, "check": True}
        return subprocess.run([SECRETS_SH, *words], **how, env={
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "PROJECT": "a-project",
            "REGION": "europe-west1", "NAME": NAME, "WRITE_ADDRESS": self.sql.host.address,
            "REDIS_ADDRESS": f"127.0.0.1:{self.redis.port}", "LAB_VAULT": str(self.vault),
            "LAB_AUTH": self.redis.password, "LAB_DATABASE": (
                f"postgresql://tester:{PASSWORD}@{self.sql.host.address}:5432/postgres")}).stdout

    def secret(self, name):
        return Path(self.vault / f"{NAME}-{name}").read_text(encoding="ascii")
