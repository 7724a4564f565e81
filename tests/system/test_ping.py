"""mamparo ping: an image without any other program can tell how its server does."""
import os
import subprocess

import pytest
from harness.cluster import BINARY
from harness.process import wait_until

KEY = "the-key-of-this-cluster-0123456789"


def ping(*words, **settings):
    return subprocess.run(
        [BINARY, "ping", *words], timeout=10, stdin=subprocess.DEVNULL, capture_output=True,
        env={"PATH": os.environ["PATH"], **{k: str(v) for k, v in settings.items()}}, text=True)


def test_every_role_that_is_ready_says_so(cluster):
    for server in cluster.servers:
        for words in [(), ("--live",)]:
            done = ping(*words, ADMIN_PORT=server.admin_port)
            assert (done.returncode, done.stdout) == (0, '{"status":"ok"}\n'), done


@pytest.mark.parametrize("listen", ["0.0.0.0", "::", "127.0.0.2"])
def test_it_finds_the_server_wherever_that_listens(cluster, listen):
    server = cluster.new_server(f"at-{listen.strip(':') or 'six'}", "bulkhead", LISTEN=listen,
                                CLUSTER_KEY=KEY, WRITE_SERVERS=cluster.write.address,
                                READ_SERVERS=cluster.reads[0].address).start()
    wait_until(lambda: ping(LISTEN=listen, ADMIN_PORT=server.admin_port).returncode == 0, 10,
               "its ping")
    assert server.stop() == 0


def test_a_server_that_drains_is_alive_but_not_ready(cluster):
    server = cluster.new_server("drains", "bulkhead", DRAIN_SECONDS=30,
                                WRITE_SERVERS=cluster.write.address,
                                READ_SERVERS=cluster.reads[0].address).start().await_ready()
    server.process.terminate()
    wait_until(lambda: ping(ADMIN_PORT=server.admin_port).returncode == 1, 10, "it to drain")
    done = ping(ADMIN_PORT=server.admin_port)
    assert "503" in done.stderr and "draining" in done.stderr
    assert ping("--live", ADMIN_PORT=server.admin_port).returncode == 0
    server.process.terminate()
    assert server.process.wait(10) == 0


def test_where_nobody_listens_it_says_no(cluster):
    done = ping(ADMIN_PORT=cluster.site.ports.take())
    assert done.returncode == 1
    assert done.stdout == "" and done.stderr.startswith("mamparo ping: 127.0.0.1:")


@pytest.mark.parametrize("settings", [{"ADMIN_PORT": "many"}, {"LISTEN": "no.such.host.invalid"}])
def test_a_place_that_is_none_is_named(settings):
    done = ping(**settings)
    assert done.returncode == 78
    assert "LISTEN, ADMIN_PORT" in done.stderr and [*settings.values()][0] in done.stderr


@pytest.mark.parametrize("words", [["--dead"], ["--live", "--live"], [""]])
def test_other_words_get_the_usage(words):
    done = ping(*words)
    assert done.returncode == 64
    assert done.stderr.startswith("usage: mamparo ping")
