"""What an operator runs: mamparo migrate, mamparo verify."""
import os
import subprocess

from harness.cluster import BINARY, MODELS, PSEUDONYM_KEY


def migrate_write(url):
    """The tables of a write side, in an empty database."""
    done = run("migrate", SERVER_TYPE="write", WRITE_DATABASE_URL=url, PSEUDONYM_KEY=PSEUDONYM_KEY,
               REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 0, done


def verify(cluster, models=MODELS):
    """Fails when any replica differs from the write side."""
    done = run("verify", "--wait", "60", WRITE_SERVERS=cluster.write.address, MODELS=str(models),
               READ_SERVERS=",".join(read.address for read in cluster.reads))
    assert done.returncode == 0, done.stdout + done.stderr


def run(*words, **settings):
    return subprocess.run([BINARY, *words], timeout=180, check=False, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], "MODELS": str(MODELS), **settings})
