#!/usr/bin/env python3
"""What Terraform would give a server of the lab as metadata, written into the lab's state.

metadata.py <state.json> <vm> <role> <startup folder> <sha256> [<NAME>=<value>…]
NAME may be a metadata key; with an empty value the key is left out. SECRETS= takes the readers away."""
import json
import os
import secrets
import sys

state_file, vm, role, startup, sha256, *changes = sys.argv[1:]
OF_ROLE = {"read": {"WRITE_SERVERS": "10.20.0.12:8000"},
           "bulkhead": {"DRAIN_SECONDS": 3}}  # the lab's balancer has seen it by then
SECRETS = {"CLUSTER_KEY": ("cluster-key", ["bulkhead", "write", "read"]),
           "REDIS_URL": ("redis-url", ["bulkhead", "write", "read"]),
           "WRITE_DATABASE_URL": ("write-database-url", ["write"]),
           "PSEUDONYM_KEY": ("pseudonym-key", ["write"])}


def text(name):
    with open(os.path.join(startup, name), encoding="utf-8") as file:
        return file.read()


with open(state_file, encoding="utf-8") as file:
    state = json.load(file)
settings = {"LISTEN": "0.0.0.0", "PORT": 8000, "ADMIN_PORT": 8100, "DRAIN_SECONDS": 1,
            "THREADS": 1, **OF_ROLE.get(role, {})}
attributes = {
    "lab-is-done": "yes",
    "startup-script": text("gce.sh"), "mamparo-unit": text("mamparo.service"), "server-type": role,
    "mamparo-release": "gs://lab/release.tar.gz", "mamparo-release-sha256": sha256,
    "mamparo-settings": "\n".join(f"{name}={value}" for name, value in settings.items()),
    "mamparo-secrets": "\n".join(
        f"{name}={secret}" for name, (secret, roles) in SECRETS.items() if role in roles)}
for change in changes:
    name, value = change.split("=", 1)
    attributes[name] = value
    if not value:
        del attributes[name]
state[f"10.20.0.{10 + int(vm)}"]["instance"]["attributes"] = attributes

values = {"cluster-key": secrets.token_hex(32), "pseudonym-key": secrets.token_hex(32),
          "redis-url": "redis://:lab@10.20.0.1:6379/0",
          "write-database-url": "postgresql://mamparo:lab@10.20.0.1:5432/mamparo",
          "lost-database-url": "postgresql://mamparo:lab@10.20.0.9:5432/mamparo",
          "nobodys-key": secrets.token_hex(32)}
for name, value in values.items():
    roles = [] if name == "nobodys-key" else ["bulkhead", "write", "read"]
    state.setdefault("secrets", {}).setdefault(name, {"value": value}).update(
        readers=[f"mamparo-{reader}@p1.iam.gserviceaccount.com" for reader in roles])
with open(state_file + ".new", "w", encoding="utf-8") as file:
    json.dump(state, file)
os.replace(state_file + ".new", state_file)
