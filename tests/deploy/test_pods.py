"""The program under the settings that the manifests give its pods: who then speaks to whom, and
what probes are told while something is missing."""
import re
import subprocess

import pytest
from harness.cluster import Cluster
from harness.process import wait_until
from harness.program import run_to_end
from k8s_policy import FLOWS, INSIDE, ROLES, ROOT, Manifests, render

OWN = {"PORT", "ADMIN_PORT", "THREADS", "REPLICATION_SLOT"}  # what pods need not tell apart
KEY = "the-key-of-these-pods-0123456789-01"


@pytest.fixture(scope="module")
def manifests():
    return Manifests(render(ROOT, "local"), ROOT / "models")


@pytest.fixture(scope="module")
def given(manifests):
    """role → the names of what its server is given."""
    return {name: set(manifests.settings_of(server)) for name, _, server in manifests.servers}


class Pods(Cluster):
    """Every server with the settings that the manifests give it, and no other."""

    def __init__(self, site, name, given, **how):
        self.given = given
        super().__init__(site, name, **how)
        self.make_databases()

    def new_server(self, name, role, **settings):
        folder = self.folder / f"{name}-state"
        folder.mkdir()
        server = super().new_server(name, role, **{
            "REDIS_URL": self.redis.url(), "CLUSTER_KEY": KEY, "STATE_DIR": folder, **settings})
        server.settings = {setting: value for setting, value in server.settings.items()
                           if setting in self.given[role] | OWN}
        return server


@pytest.fixture
def pods(site, given):
    pods = Pods(site, f"pods_{site.ports.take()}", given, reads=1)
    yield pods
    pods.close()


def flows(pods):
    """The connections that there are now between processes of ours, as the policies word them."""
    places = {pods.site.postgres.port: "postgres:5432", pods.redis.port: "redis:6379"}
    whose = {}
    for server in pods.servers:
        role = server.settings["SERVER_TYPE"]
        places |= {server.port: f"{role}:8000", server.admin_port: f"{role}:8100"}
        if server.is_running():
            whose[server.pid] = role
    seen = subprocess.run(["ss", "-Htnp", "state", "established"], timeout=10, check=True,
                          capture_output=True, text=True).stdout
    for line in seen.splitlines():
        here, there = (int(end.rpartition(":")[2]) for end in line.split()[2:4])
        owner = re.search(r"pid=(\d+)", line)
        who = owner and whose.get(int(owner[1]))
        if who and here not in places and there in places:
            yield f"{who} → {places[there]}"


def test_servers_make_exactly_the_flows_that_the_policies_let_pass(pods):
    inside = {flow for flow in re.split(r",\s+", FLOWS["local"]) if INSIDE.match(flow)}
    own = {"read → postgres:5432"}  # that of its own pod
    seen = set()

    def is_seen(*wanted):
        seen.update(flows(pods))
        return seen >= set(wanted)

    [read] = pods.reads
    pods.redis.start()
    pods.write.start().await_ready()
    wait_until(lambda: "relay.leading" in pods.write.log(), 10, "it to have a stream to tell of")
    pods.write.pause()  # who fills itself here is held, and so is seen
    read.start()
    wait_until(lambda: is_seen("read → write:8000"), 20, "the replica to fill itself")
    pods.write.resume()
    read.await_ready()
    pods.bulkhead.start().await_ready(30)
    record = pods.create(title="Entre vainas")
    pods.await_everywhere(record)
    assert pods.bulkhead.get(f"/v1/medical/entries/{record['id']}").json() == record
    with pods.bulkhead.get("/v1/medical/events", stream=True) as live:
        assert live.status_code == 200
        wait_until(lambda: is_seen(*inside), 10, f"all of {sorted(inside)}")
    assert seen - own == inside


def test_without_postgresql_the_first_step_says_so_and_a_server_is_alive_and_not_ready(pods):
    nowhere = f"postgresql://mamparo@127.0.0.1:{pods.site.ports.take()}/mamparo"
    for server in [pods.write, *pods.reads]:
        server.settings[f"{server.settings['SERVER_TYPE'].upper()}_DATABASE_URL"] = nowhere
        step = subprocess.run([*server.command, "migrate", "--wait", "1"], timeout=30, check=False,
                              env={n: str(v) for n, v in server.settings.items()},
                              capture_output=True, text=True)
        assert step.returncode == 1 and "mamparo migrate: " in step.stderr, step
        server.start()
        wait_until(server.is_live, 20, "it to live")
        assert server.admin("/readyz").status_code == 503


def test_before_redis_is_there_servers_are_alive_and_later_it_may_go(pods):
    for server in pods.servers:
        server.start()
    for server in pods.servers:
        wait_until(server.is_live, 20, f"{server.name} to live")
        assert server.admin("/readyz").status_code == 503
    pods.redis.start()
    for server in pods.servers:
        server.await_ready(30)
    pods.redis.kill()
    record = pods.create(title="Sin Redis")
    assert pods.write.get(f"/v1/medical/entries/{record['id']}").json() == record
    assert all(server.is_ready() for server in pods.servers)


@pytest.mark.parametrize("role", ROLES)
def test_a_secret_that_is_empty_is_named_and_nothing_starts(role, manifests):
    [server] = [server for name, _, server in manifests.servers if name == role]
    for secret in [e["name"] for e in server["env"] if "valueFrom" in e]:
        status, said = run_to_end(role, without=["READ_SERVERS"], **{
            "LISTEN": "0.0.0.0", "CLUSTER_KEY": KEY, "WRITE_SERVERS": "", secret: ""})
        assert status == 78 and secret in said, said
