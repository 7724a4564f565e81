"""compose.yaml: every server takes its settings, no secret is in it, nothing is left open."""
import os
import re
import subprocess

import pytest
import yaml
from harness.cluster import BINARY, MODELS
from k8s_policy import ROOT, settings_table

FILE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(FILE)["services"]
SERVERS = {name: s for name, s in SERVICES.items() if "SERVER_TYPE" in s.get("environment", {})}
SECRETS = dict(line.split("=", 1) for line in subprocess.run(
    [ROOT / "startup/secrets.sh"], check=True, capture_output=True, text=True).stdout.splitlines())


def filled_in(text):
    """With secrets that were just made, and with what stands there for others that are not set."""
    return re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda v: SECRETS.get(v[1], v[2]), str(text))


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_takes_all_of_its_settings(name, tmp_path):
    """Led into one mistake of ours, the program names that one only."""
    given = {k: filled_in(v) for k, v in SERVERS[name]["environment"].items()}
    if "STATE_DIR" in given:
        given["STATE_DIR"] = str(tmp_path)
    done = subprocess.run(
        [BINARY], capture_output=True, text=True, timeout=10, check=False, stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "LISTEN": "0.0.0.0", "MODELS": str(MODELS), **given,
             "PORT": "8000", "ADMIN_PORT": "8000"})
    assert done.returncode == 78
    assert done.stderr.splitlines()[1:] == ["ADMIN_PORT: must differ from PORT"]
    assert given.keys() <= settings_table().keys()


def test_all_roles_are_there_and_three_readers_with_a_database_each():
    roles = [s["environment"]["SERVER_TYPE"] for s in SERVERS.values()]
    assert sorted(roles) == ["bulkhead", "read", "read", "read", "write"]
    urls = {s["environment"].get("READ_DATABASE_URL") for s in SERVERS.values()} - {None}
    assert len(urls) == 3


def test_every_host_is_a_service_and_one_that_is_looked_up_once_has_an_address_that_stays():
    for server in SERVERS.values():
        for setting, value in server["environment"].items():
            hosts = re.findall(r"(?:@|redis://|^|,)([a-z][a-z0-9-]*):\d+", filled_in(value))
            assert bool(hosts) == setting.endswith(("_URL", "_SERVERS")), setting
            assert set(hosts) <= SERVICES.keys()
            if setting.endswith("_SERVERS"):
                assert all("ipv4_address" in SERVICES[h]["networks"]["inside"] for h in hosts)


def test_servers_find_each_other_in_one_redis_and_the_gateway_is_told_no_address():
    given = [server["environment"] for server in SERVERS.values()]
    assert {filled_in(e["REDIS_URL"]) for e in given} == {SECRETS["REDIS_URL"]}
    assert not any("ANNOUNCE" in e for e in given)
    assert not any(s.endswith("_SERVERS") for s in SERVERS["bulkhead"]["environment"])
    assert "redis" in SERVICES["bulkhead"]["depends_on"]


def test_addresses_are_in_the_subnet_and_outside_of_what_the_engine_gives():
    places = [s["networks"]["inside"]["ipv4_address"] for s in SERVICES.values()
              if isinstance(s["networks"], dict)]
    assert len(places) == len(set(places))
    for place in places:
        net, host = filled_in(place).rsplit(".", 1)
        assert f"{net}.0/24" in filled_in(FILE) and int(host) < 128


def test_no_secret_is_in_the_file_or_can_get_into_a_commit_or_the_image():
    assert not re.search(r"^ *\w*(KEY|PASSWORD): *[^$ ]", FILE, re.M)
    for name in SECRETS:
        assert f"${{{name}:?" in FILE  # unset, it says what to do
    for line in FILE.splitlines():
        assert not re.search(r"://[^/@:]+:[^$]", line)
    assert subprocess.run(["git", "-C", ROOT, "check-ignore", "--quiet", ".env"]).returncode == 0
    kept = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    assert "*\n" in (ROOT / ".dockerignore").read_text() and "!.env" not in kept


def test_secrets_are_long_and_never_the_same():
    again = subprocess.run([ROOT / "startup/secrets.sh"], check=True, capture_output=True,
                           text=True)
    for name in ["CLUSTER_KEY", "PSEUDONYM_KEY", "POSTGRES_PASSWORD"]:
        assert len(SECRETS[name]) >= 32
        assert SECRETS[name] not in again.stdout


@pytest.mark.parametrize("name", [*SERVERS, "seed"])
def test_a_server_may_do_nothing_but_its_work(name):
    service = SERVICES[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    drain = int(settings_table()["DRAIN_SECONDS"][1])
    assert int(service["stop_grace_period"].rstrip("s")) > drain + 10


def test_what_the_gateway_keeps_is_in_a_volume_that_the_image_lets_it_write():
    folder = SERVERS["bulkhead"]["environment"]["STATE_DIR"]
    [volume] = SERVICES["bulkhead"]["volumes"]
    assert volume == f"switches:{folder}" and "switches" in yaml.safe_load(FILE)["volumes"]
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    user = re.search(r"^USER (\d+):(\d+)$", dockerfile, re.M)
    assert f"install -d -o {user[1]} -g {user[2]} -m 0700 {folder}\n" in dockerfile


def test_only_the_gateway_can_be_reached_and_only_from_this_machine():
    assert [name for name, s in SERVICES.items() if "ports" in s] == ["bulkhead"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["bulkhead"]["ports"])


def test_whoever_is_waited_for_tells_how_it_does():
    for service in SERVICES.values():
        for name, wanted in service.get("depends_on", {}).items():
            assert wanted == {"condition": "service_healthy"}
            assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_the_write_database_is_decoded_logically():
    assert "wal_level=logical" in SERVICES["postgres"]["command"]
