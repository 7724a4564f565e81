"""Settings from the environment, the cluster's key, and a calm end at SIGTERM."""
import json
import os
import random
import re
import signal
import socket
import subprocess
import time

import pytest
from harness.cluster import BINARY, MODELS, PSEUDONYM_KEY
from harness.engines import PASSWORD
from harness.process import wait_until
from harness.raw import exchange

ENTRIES = "/v1/medical/entries"
KEY = "the-key-of-this-cluster-0123456789"
REQUIRED = {
    "write": {"WRITE_DATABASE_URL", "REDIS_URL"},
    "read": {"READ_DATABASE_URL", "REDIS_URL", "WRITE_SERVERS"},
    "bulkhead": {"READ_SERVERS", "WRITE_SERVERS"},
}
WHOLE = {
    "SERVER_TYPE": "write", "PORT": "30998", "ADMIN_PORT": "30999", "MODELS": str(MODELS),
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "WRITE_DATABASE_URL": f"postgresql://mamparo:{PASSWORD}@127.0.0.1:1/x",
    "PSEUDONYM_KEY": PSEUDONYM_KEY}


def run(*arguments, **settings):
    """Runs the program to its end; answers its status and all that it said."""
    done = subprocess.run(
        [BINARY, *arguments], env={"PATH": os.environ["PATH"], **settings}, timeout=5,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def refuses_naming(names, **settings):
    status, said = run(**settings)
    assert status == 78, said
    for name in names:
        assert re.search(rf"\b{name}\b", said), f"{name} is not named in: {said}"
    return said


# Mistakes

@pytest.mark.parametrize("role", REQUIRED)
def test_all_that_is_missing_is_named_at_once(role):
    assert refuses_naming(REQUIRED[role], SERVER_TYPE=role, MODELS=str(MODELS))


def test_without_a_role_nothing_starts():
    assert refuses_naming(["SERVER_TYPE"])
    assert refuses_naming(["SERVER_TYPE"], **{**WHOLE, "SERVER_TYPE": "writer"})


def test_every_kind_of_mistake_is_listed_in_one_go():
    mistakes = {"PORT": "0", "ADMIN_PORT": "abc", "THREADS": "9999", "LOG_LEVEL": "loud",
                "REDIS_URL": "http://x", "MAX_BODY_BYTES": "1", "CLUSTER_KEY": "short"}
    said = refuses_naming([*mistakes, "WRITE_DATABASE_URL"], SERVER_TYPE="write", **mistakes)
    assert "short" not in said.replace("shorter", "")


@pytest.mark.parametrize("name, value", [
    ("PORT", "80a"), ("PORT", "-1"), ("PORT", "65536"), ("PORT", "0x50"),
    ("PORT", "80 "), ("PORT", "99999999999999999999"), ("THREADS", "-1"), ("THREADS", "257"),
    ("LISTEN", "nowhere"), ("LISTEN", "127.0.0.1:80"), ("LISTEN", "256.0.0.1"),
    ("LOG_LEVEL", "INFO!"), ("WRITE_DATABASE_URL", "mysql://x/y"),
    ("WRITE_DATABASE_URL", ""), ("REDIS_URL", "127.0.0.1:6379"),
    ("DRAIN_SECONDS", "-1"), ("DRAIN_SECONDS", "1.5"), ("DATABASE_CONNECTIONS", "0"),
    ("REPLICATION_SLOT", "Not A Slot"), ("STATEMENT_TIMEOUT_MS", "1")])
def test_a_value_that_cannot_be_is_refused(name, value):
    assert refuses_naming([name], **{**WHOLE, name: value})


def test_a_folder_of_models_that_is_not_there_is_named():
    status, said = run(**{**WHOLE, "MODELS": "/nowhere"})
    assert status == 78
    assert "/nowhere" in said


@pytest.mark.parametrize("servers", [
    "nowhere", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", ":80", ",",
    "127.0.0.1:80,,127.0.0.1:81"])
def test_a_list_of_servers_that_cannot_be_is_refused(servers):
    assert refuses_naming(["READ_SERVERS"], SERVER_TYPE="bulkhead", MODELS=str(MODELS),
                          READ_SERVERS=servers, WRITE_SERVERS="127.0.0.1:80", PORT="30998")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.1"])
def test_beyond_loopback_a_key_is_needed(address):
    assert refuses_naming(["CLUSTER_KEY"], **WHOLE, LISTEN=address)
    assert refuses_naming(["CLUSTER_KEY"], **WHOLE, LISTEN=address, CLUSTER_KEY="x" * 31)


def test_a_secret_is_not_repeated_in_a_complaint():
    for url in [f"mysql://mamparo:{PASSWORD}@x/y", f"postgresql://mamparo:{PASSWORD}@[/y"]:
        _, said = run(**{**WHOLE, "WRITE_DATABASE_URL": url, "PORT": "0"})
        assert PASSWORD not in said
    _, said = run(**WHOLE, CLUSTER_KEY="too-small-a-key")
    assert "too-small-a-key" not in said


def test_a_port_that_is_taken_is_said_so():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = run(**{**WHOLE, "PORT": str(port)})
    assert status not in (0, 78) and status > 0
    assert str(port) in said


# What it tells about itself

def test_help_lists_every_setting_with_its_sentence():
    status, said = run("--help")
    assert status == 0
    for name in ["SERVER_TYPE", "LISTEN", "PORT", "ADMIN_PORT", "THREADS", "MODELS", "CLUSTER_KEY",
                 "WRITE_DATABASE_URL", "READ_DATABASE_URL", "REDIS_URL", "WRITE_SERVERS",
                 "READ_SERVERS", "WRITE_DB_IP", "READ_DB_IP", "DRAIN_SECONDS"]:
        assert re.search(rf"^  {name} +\S", said, re.M), name


def test_the_markdown_table_has_the_same_settings_as_help():
    status, table = run("settings")
    assert status == 0
    in_help = set(re.findall(r"^  ([A-Z][A-Z_]+) ", run("--help")[1], re.M))
    assert set(re.findall(r"^\| `?([A-Z][A-Z_]+)`?", table, re.M)) == in_help


@pytest.mark.parametrize("arguments", [["--nada"], ["nada"], ["seed"], ["seed", "medical"]])
def test_an_argument_that_is_not_understood_ends_in_usage(arguments):
    status, said = run(*arguments, MODELS=str(MODELS), WRITE_SERVERS="127.0.0.1:1")
    assert status not in (0, -signal.SIGSEGV, -signal.SIGABRT)
    assert "mamparo" in said


# The key

@pytest.fixture(scope="module")
def keyed(site):
    """A cluster with a key, which logs all it can."""
    made = site.new_cluster(reads=1, CLUSTER_KEY=KEY, LOG_LEVEL="debug").start()
    yield made
    made.close()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("headers", [
    {}, bearer(""), bearer("x" * 34), bearer(KEY[:-1]), bearer(KEY + "x"), bearer(KEY.upper()),
    {"Authorization": KEY}, {"Authorization": f"Basic {KEY}"}], ids=str)
def test_a_toggle_without_the_key_is_401_and_flips_nothing(keyed, headers):
    answer = keyed.bulkhead.post("/bulkhead/toggle/", {"service_name": "GET"}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["reason"] == "unauthorized"
    assert keyed.bulkhead.get("/bulkhead/status/").json()["GET"] == "enabled"


def test_a_toggle_without_the_key_is_refused_in_the_older_words_too(keyed):
    assert keyed.bulkhead.post("/bulkhead/toggle/", {"service_name": "GET"}).json()["error"]


def test_a_toggle_with_the_key_flips(keyed):
    for status in ["disabled", "enabled"]:
        answer = keyed.bulkhead.post(
            "/bulkhead/toggle/", {"service_name": "GET"}, headers=bearer(KEY))
        assert (answer.status_code, answer.json()["status"]) == (200, status)


def test_replication_pages_are_for_those_who_hold_the_key(keyed):
    keyed.await_everywhere(keyed.create(title="Con llave"))
    path = "/replication/medical/entries"
    assert keyed.write.get(path).status_code == 401
    assert keyed.write.get(path, headers=bearer("x" * 34)).status_code == 401
    assert keyed.write.get(path, headers=bearer(KEY)).status_code == 200


def test_no_secret_is_in_any_log_or_page(keyed):
    keyed.await_everywhere(keyed.create(title="Nadie lo dice"))
    keyed.bulkhead.post("/bulkhead/toggle/", {"service_name": "GET"}, headers=bearer("y" * 34))
    for server in keyed.servers:
        said = server.log() + server.admin("/metrics").text + server.admin("/statusz").text
        assert "process.started" in said
        assert PASSWORD not in said
        assert KEY not in said
        assert "Nadie lo dice" not in said, "what a record says is nobody's business"


def test_a_database_that_refuses_us_is_logged_without_the_password(new_cluster):
    cluster = new_cluster(reads=1)
    cluster.write.settings["WRITE_DATABASE_URL"] = cluster.postgres.url("nada")
    cluster.write.start()
    wait_until(lambda: "nada" in cluster.write.log(), 10, "the reason to be logged")
    assert PASSWORD not in cluster.write.log()


def test_every_log_line_is_a_json_object(keyed):
    for server in keyed.servers:
        for line in server.log().splitlines():
            assert {"time", "level", "event"} <= set(json.loads(line)), line


# Addresses

def test_the_older_names_of_the_servers_work(new_cluster):
    cluster = new_cluster(reads=1)
    old = {"WRITE_DB_IP": cluster.write.address, "READ_DB_IP": cluster.reads[0].address}
    for server, names in [(cluster.bulkhead, old), (cluster.reads[0], ["WRITE_DB_IP"])]:
        for name in ["WRITE_SERVERS", "READ_SERVERS"]:
            server.settings.pop(name, None)
        server.settings.update({name: old[name] for name in names})
    cluster.start()
    cluster.await_everywhere(cluster.create(title="Como antes"))
    assert cluster.bulkhead.get("/bulkhead/").json()["data"][0]["title"] == "Como antes"


def test_an_older_name_without_a_port_means_port_8000(new_cluster):
    """On loopback addresses of our own, so that no other port 8000 is meant."""
    cluster = new_cluster(reads=1)
    hosts = [f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}.{n}" for n in [1, 2]]
    for server, host in zip([cluster.write, cluster.reads[0]], hosts):
        server.settings.update(LISTEN=host, PORT=8000)
        server.address = f"{host}:8000"
    cluster.reads[0].settings["WRITE_SERVERS"] = cluster.write.address
    for name in ["WRITE_SERVERS", "READ_SERVERS"]:
        del cluster.bulkhead.settings[name]
    cluster.bulkhead.settings.update(WRITE_DB_IP=hosts[0], READ_DB_IP=hosts[1])
    cluster.make_databases()
    cluster.redis.start()
    for server in cluster.servers:
        server.start()
    wait_until(cluster.bulkhead.is_ready, 10, "the gateway to be ready")
    wait_until(lambda: cluster.bulkhead.post(ENTRIES, {"title": "Ocho mil"}).status_code == 201, 10,
               "a write to pass")
    wait_until(lambda: cluster.bulkhead.get(ENTRIES).status_code == 200, 10, "a read to pass")


# The end

@pytest.mark.parametrize("role", ["bulkhead", "write", "read"])
def test_at_sigterm_readyz_fails_at_once_and_service_goes_on_for_a_while(new_cluster, role):
    cluster = new_cluster(reads=1, DRAIN_SECONDS=2).start()
    server = {"bulkhead": cluster.bulkhead, "write": cluster.write,
              "read": cluster.reads[0]}[role]
    began = time.monotonic()
    server.signal(signal.SIGTERM)
    wait_until(lambda: not server.is_ready(), 1, "readyz to fail")
    assert server.admin("/readyz").status_code == 503
    assert server.get("/database/health/").status_code == 200
    assert server.wait(8) == 0
    assert time.monotonic() - began >= 1.5


@pytest.mark.parametrize("role", ["bulkhead", "write"])
def test_a_request_that_was_under_way_at_sigterm_is_answered(new_cluster, role):
    cluster = new_cluster(reads=1).start()
    server = {"bulkhead": cluster.bulkhead, "write": cluster.write}[role]
    head = (f"POST {ENTRIES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Content-Length: 17\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(head + b'{"title":')
        wait_until(lambda: server.get("/database/health/").ok, 5, "the server to have read it")
        server.signal(signal.SIGTERM)
        wait_until(lambda: not server.is_ready(), 2, "the server to be ending")
        connection.sendall(b'"Adios"}')
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 201 "), answer
    assert server.wait(10) == 0


@pytest.mark.parametrize("role", ["bulkhead", "write", "read"])
def test_idle_connections_do_not_hold_up_the_end(new_cluster, role):
    cluster = new_cluster(reads=1).start()
    server = {"bulkhead": cluster.bulkhead, "write": cluster.write,
              "read": cluster.reads[0]}[role]
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"GET /database/health/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"healthy" in connection.recv(65536)
        assert server.stop(seconds=8) == 0
        assert connection.recv(1) == b""


def test_an_ended_server_lets_go_of_its_port(new_cluster):
    cluster = new_cluster(reads=1).start()
    assert cluster.bulkhead.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        exchange(cluster.bulkhead, b"")
    cluster.bulkhead.start().await_ready()
