"""The program run to its end, for what keeps it from starting."""
import os
import subprocess

from .cluster import BINARY, MODELS, PSEUDONYM_KEY
from .engines import PASSWORD

WHOLE = {
    "write": {
        "WRITE_DATABASE_URL": f"postgresql://mamparo:{PASSWORD}@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1/0", "PSEUDONYM_KEY": PSEUDONYM_KEY},
    "read": {
        "READ_DATABASE_URL": f"postgresql://mamparo:{PASSWORD}@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1/0", "WRITE_SERVERS": "127.0.0.1:1"},
    "bulkhead": {"WRITE_SERVERS": "127.0.0.1:1", "READ_SERVERS": "127.0.0.1:1"},
}


def run_to_end(role="write", without=(), **settings):
    """Runs it with settings that would do, but for these. Its status, and all that it said."""
    given = {"SERVER_TYPE": role, "PORT": 30998, "ADMIN_PORT": 30999, "MODELS": MODELS,
             **WHOLE[role], **settings}
    given = {name: str(value) for name, value in given.items() if name not in without}
    done = subprocess.run(
        [BINARY], env={"PATH": os.environ["PATH"], **given}, timeout=5, check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout
