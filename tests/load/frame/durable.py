"""A PostgreSQL as it would be in earnest: the tests' own setting is without fsync."""

SETTINGS = """
fsync = on
track_commit_timestamp = on
wal_retrieve_retry_interval = 10ms  # or the second subscription begins five seconds after the first
"""


def make_durable(postgres):
    """Starts it anew."""
    postgres.stop()
    with open(postgres.data / "postgresql.conf", "a", encoding="ascii") as conf:
        conf.write(SETTINGS)
    return postgres.start()
