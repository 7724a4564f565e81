#!/usr/bin/env python3
"""What a plan makes, in as few words as tell it: how many of each kind, and the values that matter.
tests/deploy/golden/ has it for each environment, so that a review sees what a change comes to.

golden.py <the output of `terraform show -json plan`>"""
import json
import sys
from collections import Counter

CHECK = ("check_interval_sec timeout_sec healthy_threshold unhealthy_threshold "
         "http_health_check.port http_health_check.request_path")
TOLD = {
    "compute_backend_service":
        "protocol timeout_sec connection_draining_timeout_sec load_balancing_scheme "
        "backend.balancing_mode backend.max_utilization",
    "compute_firewall": "source_ranges allow.protocol allow.ports",
    "compute_forwarding_rule": "ports load_balancing_scheme",
    "compute_global_forwarding_rule": "port_range load_balancing_scheme",
    "compute_health_check": CHECK,
    "compute_region_autoscaler":
        "autoscaling_policy.min_replicas autoscaling_policy.max_replicas "
        "autoscaling_policy.cpu_utilization.target autoscaling_policy.cooldown_period",
    "compute_region_backend_service":
        "protocol connection_draining_timeout_sec load_balancing_scheme backend.balancing_mode",
    "compute_region_health_check": CHECK,
    "compute_region_instance_group_manager":
        "target_size named_port.port auto_healing_policies.initial_delay_sec update_policy.type "
        "update_policy.minimal_action update_policy.max_surge_fixed "
        "update_policy.max_unavailable_fixed",
    "compute_region_instance_template":
        "machine_type disk.source_image disk.disk_type disk.disk_size_gb "
        "shielded_instance_config.enable_secure_boot metadata.server-type "
        "metadata.mamparo-settings",
    "compute_router_nat": "nat_ip_allocate_option source_subnetwork_ip_ranges_to_nat",
    "compute_security_policy":
        "rule.rate_limit_options.rate_limit_threshold.count "
        "rule.rate_limit_options.rate_limit_threshold.interval_sec "
        "rule.rate_limit_options.enforce_on_key rule.rate_limit_options.exceed_action",
    "compute_subnetwork": "ip_cidr_range private_ip_google_access",
    "compute_target_http_proxy": "http_keep_alive_timeout_sec",
    "dns_record_set": "name ttl",
    "monitoring_uptime_check_config": "period timeout http_check.path",
    "project_iam_member": "role",
    "redis_instance": "tier memory_size_gb redis_version auth_enabled connect_mode redis_configs",
    "secret_manager_secret_iam_member": "role",
    "sql_database_instance":
        "database_version deletion_protection settings.tier settings.edition "
        "settings.availability_type settings.ip_configuration.ipv4_enabled "
        "settings.ip_configuration.ssl_mode "
        "settings.backup_configuration.point_in_time_recovery_enabled "
        "settings.backup_configuration.transaction_log_retention_days "
        "settings.backup_configuration.backup_retention_settings.retained_backups "
        "settings.database_flags.name settings.database_flags.value",
    "storage_bucket":
        "force_destroy public_access_prevention uniform_bucket_level_access versioning.enabled",
    "storage_bucket_iam_member": "role",
}


def resources(module):
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


def at(value, path):
    """All that stands at a path, in whichever of several blocks."""
    if isinstance(value, list):
        return [found for each in value for found in at(each, path)]
    if path and isinstance(value, dict):
        member, _, rest = path.partition(".")
        return at(value.get(member), rest)
    return [] if value is None or path else [value]


def words(values):
    return " ".join(json.dumps(v) if isinstance(v, (bool, dict)) else str(v).replace("\n", " ")
                    for v in values)


def told(plan):
    made = sorted(resources(plan["planned_values"]["root_module"]), key=lambda r: r["address"])
    yield f"{len(made)} resources"
    for kind, count in sorted(Counter(r["type"] for r in made).items()):
        yield f"{count:4}  {kind}"
    for resource in made:
        address = resource["address"].replace("module.", "").replace("google_", "")
        paths = TOLD.get(resource["type"].removeprefix("google_"), "").split()
        values = {path: at(resource["values"], path) for path in paths}
        lines = [f"{path.rpartition('.')[2]}: {words(v)}" for path, v in values.items() if v]
        if len(lines) == 1:
            yield f"{address}  {lines[0]}"
        elif lines:
            yield "\n    ".join([address, *lines])


with open(sys.argv[1], encoding="utf-8") as file:
    print("\n".join(told(json.load(file))))
