"""The image, as podman built it: what is in it, and every role run from it without a right or a
tool more than it needs."""
import json
import os
import re
import shutil
import subprocess
import time

import pytest
from harness.cluster import MODELS, Cluster, Server
from harness.gateways import shown, switch
from harness.process import HERE, Process, wait_until

IMAGE, BASE = os.environ["MAMPARO_IMAGE"], os.environ["MAMPARO_BASE_IMAGE"]
PODMAN = ["podman", "--storage-driver", "overlay"]
ENGINE = {name: os.environ[name] for name in ["PATH", "CONTAINERS_CONF"]}
# As little as a careful operator would give; and every shell is an empty file.
RUN = ["run", "--runtime", "runc", "--rm", "--network", "host", "--read-only", "--cap-drop", "ALL",
       "--security-opt", "no-new-privileges", "--memory", "512m", "--cpus", "1",
       "--volume", "/dev/null:/usr/bin/dash:ro", "--volume", "/dev/null:/usr/bin/bash:ro"]
BYTES_MAX = 15_000_000


def podman(*words, **how):
    return subprocess.run([*PODMAN, *map(str, words)], env=ENGINE, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, **how)


def said(*words):
    done = podman(*words, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def inspect(image):
    return json.loads(said("image", "inspect", image))[0]


class Container(Server):
    """A server in a container of its own, on the machine's network."""

    options = []

    def start(self):
        given = [word for name, value in self.settings.items() if name != "MODELS"
                 for word in ("--env", f"{name}={value}")]
        self.command = [*PODMAN, *RUN, *self.options, *given, "--name", self.name, IMAGE]
        self.env = ENGINE
        self.began = time.monotonic()
        return Process.start(self)

    def kill(self):
        podman("rm", "--force", "--time", "0", self.name)
        super().kill()


class Containers(Cluster):
    """Its gateway is told no address: it finds the others in Redis. Others of a test have lists."""

    def __init__(self, *words, **settings):
        super().__init__(*words, **settings)
        told = self.bulkhead.settings
        del told["WRITE_SERVERS"], told["READ_SERVERS"]
        told["REDIS_URL"] = self.redis.url()

    def new_server(self, name, role, host=HERE, **settings):
        server = Container(f"{self.name}-{name}", self.folder, self.site.ports, host,
                           SERVER_TYPE=role, **{**self.settings, **settings})
        self.processes.append(server)
        return server


@pytest.fixture(scope="module")
def cluster(site):
    cluster = Containers(site, "image", DRAIN_SECONDS=1)
    yield cluster.start()
    cluster.close()


@pytest.fixture
def volume():
    name = said("volume", "create").strip()
    yield name
    podman("volume", "rm", "--force", name)


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    file = tmp_path_factory.mktemp("image") / "mamparo"
    done = podman("run", "--runtime", "runc", "--rm", "--network", "none", "--entrypoint", "cat",
                  IMAGE, "/usr/bin/mamparo")
    file.write_bytes(done.stdout)
    return file


def readelf(*words):
    return subprocess.run(["readelf", "--wide", *words], check=True, capture_output=True,
                          text=True).stdout


# What is in it

def test_it_adds_at_most_15_mb_to_its_base(say):
    """The stand-in for Debian's base holds libssl3, which Debian's own does not."""
    in_base = podman("run", "--runtime", "runc", "--rm", "--network", "none", BASE, "dpkg-query",
                     "-W", "-f", "${Installed-Size}", "libssl3", text=True).stdout
    above = inspect(IMAGE)["Size"] - inspect(BASE)["Size"] + int(in_base or 0) * 1024
    say(f"the image is {above / 1e6:.1f} MB larger than its base")
    assert above <= BYTES_MAX


def test_the_binary_is_hardened_and_stripped(binary):
    header, segments = readelf("--file-header", binary), readelf("--program-headers", binary)
    dynamic, symbols = readelf("--dynamic", binary), readelf("--dyn-syms", binary)
    assert "DYN (Position-Independent Executable file)" in header
    assert "GNU_RELRO" in segments and "BIND_NOW" in dynamic
    assert re.search(r"GNU_STACK.* RW +0x", segments)
    assert "__stack_chk_fail" in symbols
    assert len(set(re.findall(r"__\w+_chk\b", symbols))) >= 3  # what FORTIFY puts in place
    assert ".symtab" not in readelf("--section-headers", binary)
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic


def test_it_runs_one_program_as_a_numeric_user_and_tells_how_it_does():
    told = inspect(IMAGE)
    config = told["Config"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", config["User"])
    assert config["Entrypoint"] == ["/usr/bin/mamparo"] and not config.get("Cmd")
    assert told["Healthcheck"]["Test"] == ["CMD", "/usr/bin/mamparo", "ping"]


def test_its_labels_say_what_it_is():
    labels = {name.rpartition(".")[2]: value for name, value in inspect(IMAGE)["Labels"].items()
              if name.startswith("org.opencontainers.image.")}
    assert said(*RUN, IMAGE, "--version") == f"mamparo {labels['version']}\n"
    assert re.fullmatch("[0-9a-f]{40}", labels["revision"])
    assert labels["title"] == "Mamparo" and labels["licenses"] == "Apache-2.0"
    assert {"description", "name"} <= labels.keys()


def test_nothing_that_builds_is_left_in_it():
    places = [word for place in ["/src", "/usr/bin/*gcc*", "/usr/bin/cmake", "/models/*.yaml"]
              for word in ("-o", "-path", place)]
    listed = said("run", "--runtime", "runc", "--rm", "--network", "none", "--user", "0",
                  "--entrypoint", "find", IMAGE, "/", "-xdev", "-path", "/out", *places)
    assert listed.split() == []


# How it runs

def test_every_role_serves_from_it_and_its_health_check_agrees(cluster, say):
    record = cluster.create(title="De la imagen")
    cluster.await_everywhere(record)
    for server in cluster.servers:
        assert podman("healthcheck", "run", server.name).returncode == 0
    assert cluster.bulkhead.get(f"/v1/medical/entries/{record['id']}").json() == record


def test_it_is_soon_ready(cluster, say):
    gateway = cluster.new_server("soon-bulkhead", "bulkhead", WRITE_SERVERS=cluster.write.address,
                                 READ_SERVERS=cluster.reads[0].address)
    for server in [gateway, cluster.new_write("soon-write"),
                   cluster.new_read("soon-read", "read_1")]:
        server.start().await_ready()
        role, taken = server.settings["SERVER_TYPE"], time.monotonic() - server.began
        say(f"{role}: {taken:.2f} s from podman run to ready")
        assert server.stop() == 0


def test_at_sigterm_every_role_drains_and_ends_with_0(cluster):
    for server in [cluster.new_read("ends", "read_1"), cluster.new_write("ends-too")]:
        assert server.start().await_ready().stop() == 0
    gateway = cluster.new_server("drains", "bulkhead", WRITE_SERVERS=cluster.write.address,
                                 READ_SERVERS=cluster.reads[0].address)
    gateway.start().await_ready()
    assert podman("kill", "--signal", "TERM", gateway.name).returncode == 0
    wait_until(lambda: not gateway.is_ready(), 10, "it to be unready")
    assert gateway.get("/v1/medical/entries").status_code == 200  # while it drains
    assert gateway.process.wait(20) == 0


def test_a_volume_keeps_a_gateways_switches_when_the_container_is_gone(cluster, volume):
    gateway = cluster.new_server("keeps", "bulkhead", STATE_DIR="/var/lib/mamparo",
                                 WRITE_SERVERS=cluster.write.address,
                                 READ_SERVERS=cluster.reads[0].address)
    gateway.options = ["--volume", f"{volume}:/var/lib/mamparo"]
    switch(gateway.start().await_ready(), False, why="a drill")
    assert gateway.stop() == 0  # and --rm
    switched = shown(gateway.start().await_ready())
    assert (switched["enabled"], switched["why"]) == (False, "a drill")
    assert gateway.stop() == 0


def test_a_container_whose_server_is_not_ready_is_unhealthy(cluster):
    alone = cluster.new_server("alone", "read", WRITE_SERVERS=cluster.write.address,
                               READ_DATABASE_URL=cluster.site.postgres.url("no_such_database"),
                               REDIS_URL=cluster.redis.url())
    alone.start()
    wait_until(alone.is_live, 20, "it to live")
    assert podman("healthcheck", "run", alone.name).returncode == 1
    assert alone.stop() == 0


def test_models_that_are_mounted_take_the_place_of_those_inside(cluster, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(MODELS / "medical", models / "clinic")
    file = models / "clinic/entries.avsc"
    file.write_text(file.read_text(encoding="utf-8").replace('"medical"', '"clinic"'))
    (models / "clinic/reports.avsc").unlink()
    tmp_path.chmod(0o755)
    done = podman(*RUN, "--volume", f"{models}:/models:ro", IMAGE, "check", text=True)
    assert done.returncode == 0 and done.stdout.startswith("clinic/entries "), done
    assert "medical/entries " in said(*RUN, IMAGE, "check")


def test_without_its_settings_it_ends_and_says_which():
    done = podman(*RUN, IMAGE, text=True)
    assert done.returncode == 78
    assert "SERVER_TYPE" in done.stderr and "CLUSTER_KEY" in done.stderr
