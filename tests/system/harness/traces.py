"""Everything that an installation keeps, as bytes, for searching it: rows, streams, logs, files."""
import subprocess

TABLES = """SELECT format('%I.%I', nspname, relname)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY 1"""


def rows(postgres, database):
    """Table → the rows of it; a partition is a table too. Both as text, and each bytea as it is."""
    with postgres.connect(database) as connection:
        tables = [name for [name] in connection.execute(TABLES)]
        return {name: _all_of(connection, name) for name in tables}


def _all_of(connection, table):
    found = connection.execute(f"SELECT t::text, t.* FROM {table} t").fetchall()
    return b"\n".join(_as_bytes(value) for row in found for value in row)


def _as_bytes(value):
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def keys(client):
    """Key → all that Redis has under it."""
    return {key.decode(): _join(_value_of(client, key)) for key in client.scan_iter(count=1000)}


def _value_of(client, key):
    readers = {
        b"string": client.get, b"hash": client.hgetall, b"set": client.smembers,
        b"stream": client.xrange, b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1)}
    return readers[client.type(key)](key)


def _join(value):
    """The bytes of all that is in it, however it is nested."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        value = value.items()
    return b"\n".join(_join(part) for part in value or [])


def files_with(folder, texts):
    """The files under the folder that hold one of the texts."""
    found = subprocess.run(
        ["grep", "-rlaF", "-f", "-", folder], input="\n".join(texts), text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, errors="replace")
    return found.stdout.splitlines()
