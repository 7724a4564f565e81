"""What we promise of the rendered Kubernetes manifests, each promise a function that yields what
breaks it. Kubernetes itself would accept all of it; `broken` is what a test asserts to be empty."""
import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = ["bulkhead", "write", "read"]
FINISH_S = 10  # that a server gives the answers under way, once it has drained
NAME = "app.kubernetes.io/name"

# Every flow that exists, as who → whom:port. "*" is anybody, "-" what is outside the cluster.
FLOWS = {
    "local": """* → bulkhead:8000, bulkhead → write:8000, bulkhead → read:8000, read → write:8000,
        write → postgres:5432, bulkhead → redis:6379, write → redis:6379, read → redis:6379""",
    "gke": """- → bulkhead:8000, - → bulkhead:8100, bulkhead → write:8000, bulkhead → read:8000,
        read → write:8000, write → -:5432, bulkhead → -:6379, write → -:6379, read → -:6379""",
}
INSIDE = re.compile(r"([a-z]+) → ([a-z]+):")


def render(tree, overlay):
    done = subprocess.run(["kubectl", "kustomize", tree / "k8s/overlays" / overlay], timeout=60,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [d for d in yaml.safe_load_all(done.stdout) if d]


class Manifests:
    def __init__(self, documents, models):
        self.all = documents
        self.models = models  # the folder

    def of(self, kind):
        return [d for d in self.all if d["kind"] == kind]

    def named(self, kind, name):
        return next((d for d in self.of(kind) if d["metadata"]["name"] == name), None)

    @property
    def workloads(self):
        return self.of("Deployment") + self.of("StatefulSet")

    @property
    def pods(self):
        """Each with the name of its workload."""
        return [(w["metadata"]["name"], w["spec"]["template"]["spec"]) for w in self.workloads]

    @property
    def containers(self):
        for name, pod in self.pods:
            for container in pod["containers"] + pod.get("initContainers", []):
                yield f"{name}/{container['name']}", container

    @property
    def servers(self):
        """Our own containers, with their pods."""
        for name, pod in self.pods:
            for container in pod["containers"]:
                if container["name"] == "mamparo":
                    yield name, pod, container

    def settings_of(self, container):
        """From the config map and the container's own; what a Secret holds is None."""
        given = {}
        for source in container.get("envFrom", []):
            given |= self.named("ConfigMap", source["configMapRef"]["name"])["data"]
        return given | {e["name"]: e.get("value") for e in container.get("env", [])}


def at(thing, path):
    """What stands at a path of members, or None."""
    for member in path.split("."):
        thing = thing.get(member) if isinstance(thing, dict) else None
    return thing


def every_role_is_there(m):
    for role in ROLES:
        for kind in ["Deployment", "Service", "ServiceAccount", "PodDisruptionBudget"]:
            if not m.named(kind, role):
                yield f"{role} has no {kind}"


def everything_is_in_a_namespace_that_is_restricted(m):
    [space] = m.of("Namespace")
    if space["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
        yield "the namespace does not enforce restricted pods"
    for d in m.all:
        if d["kind"] != "Namespace" and d["metadata"].get("namespace") != "mamparo":
            yield f"{d['kind']} {d['metadata']['name']} is in no namespace of ours"


def no_secret_is_contained(m):
    for d in m.of("Secret"):
        yield f"Secret {d['metadata']['name']} is in the tree"
    for name, container in m.containers:
        for e in container.get("env", []):
            if re.search("KEY$|PASSWORD$", e["name"]) and "value" in e:
                yield f"{name} has {e['name']} in clear"
            if re.search(r"://[^/@]*:[^/@]+@", e.get("value", "")):
                yield f"{name} has a password in {e['name']}"
            if at(e, "valueFrom.secretKeyRef.optional"):
                yield f"{name} would start without {e['name']}"


def nobody_holds_a_token(m):
    for d in m.of("ServiceAccount"):
        if d.get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {d['metadata']['name']} mounts its token"
    for name, pod in m.pods:
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name} mounts a token"
        if not m.named("ServiceAccount", pod.get("serviceAccountName")):
            yield f"{name} has no service account of its own"


def containers_may_do_nothing_but_their_work(m):
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
              "capabilities.drop": ["ALL"]}
    for name, pod in m.pods:
        if at(pod, "securityContext.runAsNonRoot") is not True:
            yield f"{name} may run as root"
        if at(pod, "securityContext.seccompProfile.type") != "RuntimeDefault":
            yield f"{name} has no seccomp profile"
    for name, container in m.containers:
        for path, value in wanted.items():
            if at(container, f"securityContext.{path}") != value:
                yield f"{name}: securityContext.{path} is not {value}"
        if not at(container, "securityContext.runAsUser"):
            yield f"{name} has no numeric user"


def every_container_has_requests_and_limits(m):
    for name, container in m.containers:
        for path in ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]:
            if not at(container, f"resources.{path}"):
                yield f"{name} has no {path}"


def images_are_pinned_and_ours_is_one(m):
    ours = {c["image"] for n, c in m.containers if n.endswith(("/mamparo", "/migrate"))}
    if len(ours) != 1:
        yield f"there are several images of ours: {sorted(ours)}"
    for name, container in m.containers:
        if not re.search(r"@sha256:[0-9a-f]{64}$|:(?!latest$)[\w.-]+$", container["image"]):
            yield f"{name}: {container['image']} is not pinned"


def probes_ask_what_they_should(m):
    """A liveness probe that asks /readyz restarts every pod when a database is away."""
    wanted = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    for name, _, server in m.servers:
        for probe, path in wanted.items():
            if (at(server, f"{probe}.httpGet.path"), at(server, f"{probe}.httpGet.port")) != \
                    (path, "admin"):
                yield f"{name}: the {probe} does not ask {path} at the admin port"


def pods_may_drain(m):
    for name, pod, server in m.servers:
        needed = int(m.settings_of(server)["DRAIN_SECONDS"]) + FINISH_S
        if pod.get("terminationGracePeriodSeconds", 30) <= needed:
            yield f"{name} is killed while it drains: it needs more than {needed} s"


def settings_are_known_and_whole(m):
    known = settings_table()
    for name, _, server in m.servers:
        given = m.settings_of(server)
        for setting in given.keys() - known.keys():
            yield f"{name}: there is no setting {setting}"
        required = {s for s, (roles, default) in known.items()
                    if default == "required" and (roles == "all" or name in roles.split())}
        for setting in (required | {"CLUSTER_KEY", "MODELS"}) - given.keys():
            yield f"{name} lacks {setting}"
        if given.get("SERVER_TYPE") != name:
            yield f"{name} runs as {given.get('SERVER_TYPE')}"


def settings_table():
    """name → (roles, default), as the README's table has it, which is the program's own."""
    rows = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \| ([^|]*) \|",
                      (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    return {name: (roles, default) for name, default, roles in rows}


def servers_find_each_other_in_one_redis(m):
    """What a server that announces itself needs, and a gateway that is told no address."""
    places = set()
    for name, _, server in m.servers:
        given = m.settings_of(server)
        places |= {str(e.get("valueFrom")) for e in server["env"] if e["name"] == "REDIS_URL"}
        if "REDIS_URL" not in given:
            yield f"{name} lacks REDIS_URL"
        if given.get("LISTEN") != "0.0.0.0" or given.get("ANNOUNCE", "auto") != "auto":
            yield f"{name} does not announce the address of its pod"
        for setting in given.keys() & {"READ_SERVERS", "WRITE_SERVERS"}:
            if (name, given[setting]) != ("read", "write:8000"):
                yield f"{name} is told {setting} by hand"
    if len(places) != 1:
        yield f"there are several places for REDIS_URL: {sorted(places)}"


def what_a_gateway_keeps_outlasts_its_container(m):
    for name, pod, server in m.servers:
        folder = m.settings_of(server).get("STATE_DIR")
        mount = next((v for v in server["volumeMounts"] if v["mountPath"] == folder), {})
        volume = next((v for v in pod["volumes"] if v["name"] == mount.get("name")), {})
        if bool(folder) != (name == "bulkhead"):
            yield f"{name} has {'a' if folder else 'no'} STATE_DIR"
        elif folder and (mount.get("readOnly") or "emptyDir" not in volume):
            yield f"{name}: {folder} is no volume that it can write"


def tables_are_made_before_a_server_starts(m):
    wanted = {"write": ["migrate"], "read": ["postgres", "migrate"]}
    for role, steps in wanted.items():
        pod = m.named("Deployment", role)["spec"]["template"]["spec"]
        found = pod.get("initContainers", [])
        if [c["name"] for c in found] != steps:
            yield f"{role}: the steps before it are {[c['name'] for c in found]}, not {steps}"
        for step in found:
            if step["name"] == "postgres" and step.get("restartPolicy") != "Always":
                yield f"{role}: its postgres would have to end first"
            if step["name"] == "migrate" and step.get("args", [""])[0] != "migrate":
                yield f"{role}: migrate does not migrate"


def replicas_are_decided_by_one(m):
    for role in ["bulkhead", "read"]:
        scaler = m.named("HorizontalPodAutoscaler", role)
        if not scaler or "replicas" in m.named("Deployment", role)["spec"]:
            yield f"{role} is not scaled by its HorizontalPodAutoscaler alone"
            continue
        metric = at(scaler["spec"]["metrics"][0], "resource")
        if at(metric, "target.averageUtilization") != 75 or metric["name"] != "cpu":
            yield f"{role} does not scale at 75 % of CPU"
        if not 2 <= scaler["spec"]["minReplicas"] < scaler["spec"]["maxReplicas"]:
            yield f"{role}: minReplicas and maxReplicas"
    if m.named("Deployment", "write")["spec"].get("replicas", 1) < 2:
        yield "write has no other to take over"


def nodes_can_be_drained_and_one_at_a_time(m):
    for role in ROLES:
        budget = m.named("PodDisruptionBudget", role)
        if at(budget or {}, "spec.maxUnavailable") != 1:
            yield f"{role}: its PodDisruptionBudget does not allow one at a time"
        update = m.named("Deployment", role)["spec"].get("strategy", {}).get("rollingUpdate", {})
        if update.get("maxUnavailable") != 0:
            yield f"{role}: a roll-out takes a pod away before the next is ready"


def pods_of_a_role_are_spread(m):
    for role in ROLES:
        pod = m.named("Deployment", role)["spec"]["template"]["spec"]
        spread = {c["topologyKey"] for c in pod.get("topologySpreadConstraints", [])
                  if at(c, "labelSelector.matchLabels") == {NAME: role}}
        if spread != {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
            yield f"{role} is spread over {sorted(spread)} only"


def all_but_names_is_denied_at_first(m):
    deny = m.named("NetworkPolicy", "default-deny") or {"spec": {}}
    if deny["spec"] != {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}:
        yield "what is not allowed is not denied"
    names = m.named("NetworkPolicy", "dns") or {"spec": {"egress": [{"ports": []}]}}
    ports = {(p["protocol"], p["port"]) for rule in names["spec"]["egress"] for p in rule["ports"]}
    if names["spec"].get("podSelector") != {} or ports != {("UDP", 53), ("TCP", 53)}:
        yield "not every pod can look names up, or names are not all that it can"


def selected(selector, workloads):
    """The workloads, by name, that a selector of ours means."""
    names = [w["metadata"]["name"] for w in workloads]
    wanted = selector.get("matchLabels", {}).get(NAME)
    for e in selector.get("matchExpressions", []):
        if e["key"] == NAME and e["operator"] == "In":
            return [n for n in names if n in e["values"]]
    return [wanted] if wanted in names else []


def ends(peers, workloads):
    if peers is None:
        return ["*"]
    return [n for peer in peers for n in (
        ["-"] if "ipBlock" in peer else selected(peer.get("podSelector", {}), workloads))]


def flows(m):
    """The flows that policies let in, and those that they let out."""
    entering, leaving = set(), set()
    for policy in m.of("NetworkPolicy"):
        for whom in selected(policy["spec"]["podSelector"], m.workloads):
            for rule in policy["spec"].get("ingress", []):
                entering |= {f"{who} → {whom}:{port['port']}" for port in rule["ports"]
                             for who in ends(rule.get("from"), m.workloads)}
            for rule in policy["spec"].get("egress", []):
                leaving |= {f"{whom} → {to}:{port['port']}" for port in rule["ports"]
                            for to in ends(rule.get("to"), m.workloads)}
    return entering, leaving


def exactly_the_flows_that_exist_are_allowed(m, overlay):
    entering, leaving = flows(m)
    wanted = set(re.split(r",\s+", FLOWS[overlay]))
    for flow in (entering | leaving) - wanted:
        yield f"{flow} is allowed, and nothing needs it"
    for flow in wanted:
        inside = INSIDE.match(flow)
        if (inside or "→ -" in flow) and flow not in leaving:
            yield f"{flow} is not let out"
        if (inside or "→ -" not in flow) and flow not in entering:
            yield f"{flow} is not let in"


def every_server_has_the_models_that_are_there(m):
    for service in sorted(p for p in m.models.iterdir() if p.is_dir()):
        for name, pod, server in m.servers:
            folder = f"{m.settings_of(server)['MODELS']}/{service.name}"
            mount = next((v for v in server["volumeMounts"] if v["mountPath"] == folder), None)
            volume = next((v for v in pod["volumes"] if mount and v["name"] == mount["name"]), {})
            data = (m.named("ConfigMap", at(volume, "configMap.name")) or {}).get("data", {})
            for file in service.iterdir():
                if data.get(file.name) != file.read_text(encoding="utf-8"):
                    yield f"{name} has not {service.name}/{file.name} as it is in models/"


PROMISES = [
    every_role_is_there, everything_is_in_a_namespace_that_is_restricted, no_secret_is_contained,
    nobody_holds_a_token, containers_may_do_nothing_but_their_work,
    every_container_has_requests_and_limits, images_are_pinned_and_ours_is_one,
    probes_ask_what_they_should, pods_may_drain, settings_are_known_and_whole,
    servers_find_each_other_in_one_redis, tables_are_made_before_a_server_starts,
    what_a_gateway_keeps_outlasts_its_container, replicas_are_decided_by_one,
    nodes_can_be_drained_and_one_at_a_time, pods_of_a_role_are_spread,
    all_but_names_is_denied_at_first, every_server_has_the_models_that_are_there]


def broken(manifests, overlay):
    for promise in PROMISES:
        yield from promise(manifests)
    yield from exactly_the_flows_that_exist_are_allowed(manifests, overlay)
