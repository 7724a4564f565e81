"""On what it was measured, and with which versions."""
import os
import platform
import re
import subprocess
from pathlib import Path

VERSIONS = {
    "PostgreSQL": ["/usr/lib/postgresql/15/bin/postgres", "--version"],
    "Redis": ["redis-server", "--version"],
    "HAProxy": ["haproxy", "-v"],
    "nginx": ["nginx", "-v"],
    "wrk": ["wrk", "-v"],
    "gunicorn": ["gunicorn", "--version"],
    "Django": ["/usr/bin/python3", "-c", "import django; print(django.__version__)"],
    "Django REST framework": ["/usr/bin/python3", "-c",
                              "import rest_framework; print(rest_framework.__version__)"],
}


def describe():
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "CPU": f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "peers": ", ".join(f"{name} {version_of(words)}" for name, words in VERSIONS.items()),
    }


def version_of(words):
    told = said(words)
    number = re.search(r"\d+\.\d[\w.]*", told)
    return number[0] if number else "?"


def commit(folder):
    """With a + when the tree is not what was committed."""
    name = said(["git", "-C", folder, "rev-parse", "--short", "HEAD"]).strip()
    changed = said(["git", "-C", folder, "status", "--porcelain", "--untracked-files=no", "src"])
    return (name or "unknown") + ("+" if changed.strip() else "")


def said(words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout + done.stderr
