#!/usr/bin/env python3
"""Policies over a plan: what no environment of Mamparo may be, whatever its variables say.

policy.py <the output of `terraform show -json plan`>   prints each finding; exits 1 if there is one."""
import json
import re
import sys

PROBES = {"130.211.0.0/22", "35.191.0.0/16", "35.235.240.0/20"}
SECRET_VALUES = ("secret_data", "password", "root_password", "private_key")
SECRET_NAME = re.compile(r"(KEY|URL|PASSWORD)=", re.I)


def resources(module):
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


def first(value):
    return value[0] if value else {}


def template(v):
    if any(interface.get("access_config") for interface in v["network_interface"]):
        yield "has a public address"
    if not first(v["shielded_instance_config"]).get("enable_secure_boot"):
        yield "boots unverified"
    if not v.get("service_account"):
        yield "runs as the project's default account"
    metadata = v["metadata"] or {}
    if metadata.get("block-project-ssh-keys") != "true" or metadata.get("enable-oslogin") != "TRUE":
        yield "lets in whoever has a key of the project"
    if SECRET_NAME.search(metadata.get("mamparo-settings", "")):
        yield "has a secret in its metadata"
    if "REDIS_URL=" not in metadata.get("mamparo-secrets", ""):
        yield "is not told of Redis, where servers find each other"
    told = "_SERVERS=" in metadata.get("mamparo-settings", "")
    if told and metadata.get("server-type") == "bulkhead":
        yield "is told addresses by hand"


def bucket(v):
    if v["public_access_prevention"] != "enforced" or not v["uniform_bucket_level_access"]:
        yield "could be opened to everybody"


def bucket_policy(v):
    for binding in json.loads(v["policy_data"])["bindings"]:
        for who in binding["members"]:
            if not re.match("(user|group|serviceAccount):", who):
                yield f"is for {who}"


def firewall(v):
    for wide in set(v.get("source_ranges") or []) - PROBES:
        yield f"lets {wide} in"
    if not v.get("target_service_accounts") and v.get("allow"):
        yield "opens every machine of the network"


def database(v):
    settings = first(v["settings"])
    if first(settings["ip_configuration"]).get("ipv4_enabled") is not False:
        yield "has a public address"
    if first(settings["ip_configuration"]).get("ssl_mode") != "ENCRYPTED_ONLY":
        yield "talks in the clear"
    if not v["name"].endswith("-write"):
        return
    flags = {flag["name"]: flag["value"] for flag in settings.get("database_flags", [])}
    if flags.get("cloudsql.logical_decoding") != "on":
        yield "has no logical decoding: nothing would be replicated"
    if not first(settings.get("backup_configuration")).get("point_in_time_recovery_enabled"):
        yield "cannot be restored to a moment"
    if "prod" in v["name"] and not v["deletion_protection"]:
        yield "can be deleted"


def redis(v):
    if not v["auth_enabled"]:
        yield "lets in whoever reaches it"
    if v["tier"] != "STANDARD_HA":
        yield "has no standby"


def member(v):
    if re.search(r"roles/(owner|editor|viewer)$", v["role"]):
        yield f"gives the primitive role {v['role']}"
    if v.get("member") in ("allUsers", "allAuthenticatedUsers"):
        yield "is for everybody"


def project_member(v):
    yield from member(v)
    if v["role"].startswith(("roles/secretmanager", "roles/storage", "roles/cloudsql")):
        yield f"gives {v['role']} over the whole project"


def autoscaler(v):
    policy = first(v["autoscaling_policy"])
    if not v["name"].endswith("-bulkhead"):
        return
    said = (policy["min_replicas"], policy["max_replicas"], policy["cpu_utilization"][0]["target"],
            policy["cooldown_period"])
    if said != (1, 3, 0.75, 60):
        yield f"is not 1 to 3 at 75 % after 60 s, but {said}"


def group(v):
    update = first(v["update_policy"])
    if update.get("max_unavailable_fixed") != 0 or not update.get("max_surge_fixed"):
        yield "takes servers away before others serve"
    if first(v["auto_healing_policies"]).get("initial_delay_sec", 0) < 120:
        yield "heals servers that are still booting"


def backend(v):
    if v["timeout_sec"] != 30:
        yield "waits for something else than 30 s"
    if not v["connection_draining_timeout_sec"]:
        yield "cuts requests off"


POLICIES = {
    "google_storage_bucket": bucket, "google_storage_bucket_iam_policy": bucket_policy,
    "google_compute_region_instance_template": template, "google_compute_firewall": firewall,
    "google_sql_database_instance": database, "google_redis_instance": redis,
    "google_project_iam_member": project_member,
    "google_secret_manager_secret_iam_member": member,
    "google_storage_bucket_iam_member": member, "google_compute_region_autoscaler": autoscaler,
    "google_compute_region_instance_group_manager": group, "google_compute_backend_service": backend,
}


def findings(plan):
    for resource in resources(plan["planned_values"]["root_module"]):
        values = resource["values"]
        for name in SECRET_VALUES:
            if values.get(name):
                yield f"{resource['address']}: {name} would be in the state"
        for finding in POLICIES.get(resource["type"], lambda _: ())(values):
            yield f"{resource['address']}: {finding}"


with open(sys.argv[1], encoding="utf-8") as file:
    found = list(findings(json.load(file)))
print("\n".join(found))
sys.exit(1 if found else 0)
