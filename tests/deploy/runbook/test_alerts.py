"""What each alert means: its cause is brought about, and Prometheus finds its policy's own
expression true, over metrics that it fetches as the Ops Agent does. How long it must stay so is the
policy's business. Then the first look, the cure, and the expression is false again."""
import json
import os
import re
from contextlib import contextmanager

import pytest
import requests
from harness.cluster import REPOSITORY
from harness.load import ENTRIES, everything_is_everywhere
from harness.process import Process, listens, wait_until
from installation import relay_of, state_of

MONITORING = (REPOSITORY / "terraform/modules/monitoring/main.tf").read_text(encoding="utf-8")
QUERIES = {name: query.replace('\\"', '"') for name, query in re.findall(
    r'^    ([a-z-]+) = \{\n      query   = "(.*)"$', MONITORING, re.MULTILINE)}
REFUSING = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.body LIKE '%veneno%' THEN RAISE EXCEPTION 'no veneno here'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON medical.entries
      FOR EACH ROW EXECUTE FUNCTION refuse()"""


LESS = {"4e9": "4e6"}  # the log would take long to grow by so much


def grow_log(installation):
    for _ in range(5):
        installation.written("SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000))")


class Prometheus(Process):
    def __init__(self, installation):
        self.port = installation.site.ports.take()
        targets = [f"127.0.0.1:{server.admin_port}"
                   for place in installation.places.values() for server in place]
        file = installation.folder / "prometheus.yml"
        file.write_text(json.dumps({"scrape_configs": [{
            "job_name": "mamparo", "scrape_interval": "1s", "scrape_timeout": "1s",
            "static_configs": [{"targets": targets}]}]}), encoding="ascii")
        super().__init__("prometheus", installation.folder, [
            os.environ["MAMPARO_PROMETHEUS"], f"--config.file={file}",
            f"--storage.tsdb.path={installation.folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{self.port}"])

    def start(self):
        super().start()
        wait_until(self._is_ready, 30, "Prometheus to be ready")
        return self

    def _is_ready(self):
        return listens(self.port) and requests.get(
            f"http://127.0.0.1:{self.port}/-/ready", timeout=10).status_code == 200

    def ask(self, query):
        """Label values → value."""
        answer = requests.get(f"http://127.0.0.1:{self.port}/api/v1/query", timeout=10,
                              params={"query": query}).json()
        assert answer["status"] == "success", answer
        return {tuple(one["metric"].values()): float(one["value"][1])
                for one in answer["data"]["result"]}


class Watched:
    """An installation, and what its alerts make of it."""

    def __init__(self, installation):
        self.installation = installation
        self.prometheus = Prometheus(installation).start()
        installation.processes.append(self.prometheus)

    def is_true(self, alert, **less):
        query = QUERIES[alert]
        for figure, lesser in less.items():
            assert figure in query
            query = query.replace(figure, lesser)
        return bool(self.prometheus.ask(query))

    def await_true(self, alert, seconds=30, **less):
        wait_until(lambda: self.is_true(alert, **less), seconds, f"{alert} to be true")

    def await_false(self, alert, seconds=30, **less):
        wait_until(lambda: not self.is_true(alert, **less), seconds, f"{alert} to be false")


@pytest.fixture(scope="module")
def watched(installation):
    made = Watched(installation)
    wait_until(lambda: len(made.prometheus.ask("up == 1")) == 7, 30, "all to have been asked")
    wait_until(lambda: installation.create(title="Antes") and made.prometheus.ask(
        "sum(rate(mamparo_gateway_requests_total[5m])) > 1"), 30, "requests to have been counted")
    return made


def test_in_quiet_times_none_is_true(watched):
    assert len(QUERIES) == 5
    assert [name for name in QUERIES if watched.is_true(name)] == []


def test_dead_letters(watched):
    replica = watched.installation.reads[0]
    url = replica.settings["READ_DATABASE_URL"]
    database = url.rsplit("/", 1)[1]
    postgres = watched.installation.site.postgres
    with postgres.connect(database) as connection:
        connection.execute(REFUSING)
    poison = watched.installation.create(title="veneno")
    watched.await_true("dead-letters")
    own = {"postgresql:///mamparo?host=/run/postgresql": url}
    replay = "letters medical replay all    # \"tried anew: 1, left of them: 0\"\n"
    status, listed = watched.installation.type("letters()", **{**own, replay: ""})
    assert status == 0 and json.loads(listed)["record"] == poison["id"], listed
    with postgres.connect(database) as connection:
        connection.execute("DROP FUNCTION refuse CASCADE")
    status, said = watched.installation.type("letters()", **own)
    assert (status, said.splitlines()[-1]) == (0, "tried anew: 1, left of them: 0"), said
    watched.await_false("dead-letters")


@contextmanager
def held_up(watched, replica):
    """Its database lets nobody apply."""
    database = replica.settings["READ_DATABASE_URL"].rsplit("/", 1)[1]
    with watched.installation.site.postgres.connect(database) as connection, \
            connection.transaction():
        connection.execute("LOCK TABLE mamparo.cursors IN ACCESS EXCLUSIVE MODE")
        yield


def test_replica_lag(watched):
    installation = watched.installation
    replica = installation.reads[1]
    with held_up(watched, replica):
        installation.create(title="Se retrasa")
        watched.await_true("replica-lag")
        wait_until(lambda: all(state_of(gateway, "reads", replica) != "up"
                               for gateway in installation.gateways), 10, "it to lose its traffic")
        assert "behind" in replica.admin("/readyz").text, replica.admin("/readyz").text
        assert installation.bulkhead.get(ENTRIES).status_code == 200
    watched.await_false("replica-lag")


def test_without_redis_no_relay_then_replica_lag_then_log_kept(watched):
    installation = watched.installation
    assert not watched.is_true("log-kept", **LESS)
    installation.redis.kill()
    try:
        watched.await_true("no-relay")
        watched.await_true("replica-lag")
        grow_log(installation)
        watched.await_true("log-kept", **LESS)
        for write in installation.writes:
            assert relay_of(write) != "leading"
            assert '"at":"connecting to Redis","why":"Connection refused"' in write.log()
    finally:
        installation.redis.start()
    for alert, figures in [("no-relay", {}), ("replica-lag", {}), ("log-kept", LESS)]:
        watched.await_false(alert, **figures)


def test_log_kept_by_a_replica_that_is_silent(watched):
    installation = watched.installation
    silent = installation.reads[2]
    silent.pause()
    try:
        installation.create(title="No le llega")
        grow_log(installation)
        watched.await_true("log-kept", **LESS)
    finally:
        silent.resume()
    watched.await_false("log-kept", **LESS)


def is_refused(installation):
    return installation.bulkhead.post(ENTRIES, {"title": "No"}).status_code == 503


def test_without_write_servers_gateway_errors_and_no_relay(watched):
    installation = watched.installation
    gone = installation.writes
    for write in gone:
        write.kill()
    reasons = wait_until(lambda: is_refused(installation) and watched.prometheus.ask(
        'sum by (reason) (rate(mamparo_gateway_refusals_total{side="writes"}[5m])) > 0'), 30,
        "refusals to have been counted")
    assert set(reasons) <= {("no_server",), ("breaker_open",)}, reasons
    watched.await_true("gateway-errors")
    watched.await_true("no-relay")
    for write in gone:
        installation.boot(write).await_ready()
    watched.await_false("no-relay")
    for write in gone:
        installation.await_asked(write)
    installation.create(title="Otra vez")
    everything_is_everywhere(installation)


def test_unreachable(watched):
    [path] = re.findall(r'^    path         = "(.*)"$', MONITORING, re.MULTILINE)
    installation = watched.installation
    assert installation.bulkhead.get(path).status_code == 200
    gone = installation.gateways
    for gateway in gone:
        gateway.kill()
    assert installation.bulkhead.get(path).status_code == 503
    for gateway in gone:
        installation.boot(gateway).await_ready()
    wait_until(lambda: installation.bulkhead.get(path).status_code == 200, 10, "an answer")
