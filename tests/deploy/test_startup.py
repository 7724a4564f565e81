"""The systemd unit, and the scripts of startup/ that make a release and an image, or meet a system
that they do not know."""
import os
import re
import subprocess
import tarfile

import pytest
from k8s_policy import ROOT, settings_table

STARTUP = ROOT / "startup"
UNIT = (STARTUP / "mamparo.service").read_text(encoding="utf-8")
BINARY = os.environ["MAMPARO_BINARY"]
EXPOSURE_MAX = 2.0

# A Google Cloud that notes what it is asked for, and whose machine's console says what we like.
GCLOUD = """#!/bin/bash
printf '%s\\n' "$*" >>"$ASKED"
[[ $* != *get-serial-port-output* ]] || printf 'boot\\n%s\\n' "$SAID"
"""


def run(*words, **env):
    return subprocess.run([*map(str, words)], env={"PATH": os.environ["PATH"], **env}, timeout=60,
                          capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


# The unit

def test_the_unit_exposes_little(say):
    done = run("systemd-analyze", "security", "--offline=true", STARTUP / "mamparo.service")
    [exposure] = re.findall(r"Overall exposure level for mamparo.service: ([\d.]+)", done.stdout)
    say(f"systemd-analyze security: {exposure}")
    assert float(exposure) <= EXPOSURE_MAX


def test_systemd_understands_every_line_of_it(tmp_path):
    unit = tmp_path / "mamparo.service"
    unit.write_text(UNIT.replace("/opt/mamparo/current/mamparo", BINARY)
                    .replace("EnvironmentFile=/etc", "EnvironmentFile=-/etc"), encoding="utf-8")
    done = run("systemd-analyze", "verify", "--recursive-errors=no", unit)
    assert done.returncode == 0 and done.stderr == "", done.stderr


def test_a_gateway_keeps_its_switches_in_the_folder_that_systemd_makes_for_the_unit():
    told = dict(re.findall(r"^Environment=(\w+)=(.*)$", UNIT, re.M))
    [folder] = re.findall(r"^StateDirectory=(.+)$", UNIT, re.M)
    assert told["STATE_DIR"] == f"%S/{folder}"  # %S is /var/lib
    assert "StateDirectoryMode=0700" in UNIT
    assert told.keys() <= settings_table().keys()


# The release and the image

def test_the_same_content_makes_the_same_release(tmp_path):
    releases = [tmp_path / "one.tar.gz", tmp_path / "other.tar.gz"]
    for file in releases:
        done = run(STARTUP / "release.sh", file, RELEASE_BINARY=BINARY)
        assert done.returncode == 0, done.stderr
    assert releases[0].read_bytes() == releases[1].read_bytes()
    with tarfile.open(releases[0]) as archive:
        names = archive.getnames()
        assert {name.split("/")[0] for name in names} == {"mamparo", "models"}
        assert {(member.uid, member.mtime) for member in archive} == {(0, 0)}
    assert "models/medical/entries.avsc" in names


@pytest.fixture
def bake(tmp_path):
    """Bakes with a machine that says this: how it ended, and what was asked for."""
    (tmp_path / "gcloud").write_text(GCLOUD, encoding="ascii")
    (tmp_path / "gcloud").chmod(0o755)

    def bake(said):
        done = run(STARTUP / "bake.sh", "a-project", "a-zone", "a-subnet", "gs://b/r", "0" * 64,
                   PATH=f"{tmp_path}:{os.environ['PATH']}", ASKED=str(tmp_path / "asked"),
                   SAID=said)
        return done, (tmp_path / "asked").read_text().splitlines()

    return bake


def test_a_machine_that_says_that_it_is_baked_becomes_an_image_and_is_deleted(bake):
    done, asked = bake("mamparo: done: baked, release 0000")
    assert done.returncode == 0, done.stderr
    create, *_, image, delete = asked
    assert "instances create" in create and "--no-address" in create
    assert "server-type=bake" in create and "a-subnet" in create
    assert "images create mamparo-" in image and "instances delete" in delete
    assert re.search(r'image = "projects/a-project/global/images/mamparo-[\d-]+"', done.stdout)


def test_a_machine_that_was_not_baked_becomes_none_and_is_deleted_all_the_same(bake):
    done, asked = bake("mamparo: NOT STARTED: the release has another checksum; …")
    assert done.returncode != 0 and "another checksum" in done.stderr
    assert "instances delete" in asked[-1] and not any("images create" in line for line in asked)


# A wrong system

@pytest.mark.parametrize("version", ["11", "13"])
def test_another_debian_is_refused_with_the_reason_and_nothing_is_done(version, tmp_path):
    release = tmp_path / "os-release"
    release.write_text(f"ID=debian\nVERSION_ID={version}\n", encoding="ascii")
    elsewhere = 'mount --bind "$1" /etc/os-release && exec bash "$2"'
    done = run("unshare", "--mount", "sh", "-c", elsewhere, "-", release, STARTUP / "gce.sh")
    assert done.returncode == 1
    assert done.stdout == (
        f"mamparo: NOT STARTED: this needs Debian 12, and here is debian {version} (Debian 11's "
        "libpq has no pipeline mode, Debian 13 has no libh2o); the next boot tries again\n")
