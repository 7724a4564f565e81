"""The Kubernetes manifests, rendered: valid, as promised (k8s_policy.py), and mistakes are told."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from k8s_policy import FLOWS, ROOT, Manifests, broken, render

TOOLS = Path(os.environ["MAMPARO_DEPLOY_TOOLS"]) / "k8s"
NODE = Path(os.environ["MAMPARO_DEPLOY_NODE"])

# What the validator says though it is right: claims of a StatefulSet are volumes as well.
NO_FAULTS = [f"BAD StatefulSet/{name}: volumeMount data has no volume" for name in
             ["postgres", "redis"]]
# Kinds that only Google's clusters know.
FOREIGN = "cloud.google.com/"
# Pods of official images run as the users that those have, which are below 1,000.
NO_FINDINGS = {"KBP104", "KBP105"}

# What somebody may do to the tree one day: the mistake, the file, what stands there, what then
# would, and a word of the complaint.
PLANTED = [
    ("a misspelt field", "base/pod.yaml", "readinessProbe:", "readinesProbe:", "readinesProbe"),
    ("liveness asks for readiness", "base/pod.yaml",
     "livenessProbe:\n            httpGet:\n              path: /livez",
     "livenessProbe:\n            httpGet:\n              path: /readyz", "livenessProbe"),
    ("no cpu request, so nothing to scale by", "base/pod.yaml", "              cpu: 250m\n", "",
     "requests.cpu"),
    ("a token in every pod", "base/pod.yaml", "automountServiceAccountToken: false",
     "automountServiceAccountToken: true", "token"),
    ("a grace shorter than the drain", "overlays/gke/drain.yaml", "Seconds: 60", "Seconds: 30",
     "killed while it drains"),
    ("everything may leave", "base/network.yaml", "[Ingress, Egress]\n---", "[Ingress]\n---",
     "not denied"),
    ("readers reach the write database", "overlays/local/network.yaml",
     "      app.kubernetes.io/name: write\n  policyTypes: [Egress]",
     "      app.kubernetes.io/name: read\n  policyTypes: [Egress]", "read → postgres:5432"),
    ("a service that selects nothing", "base/write.yaml",
     "  selector:\n    app.kubernetes.io/name: write",
     "  selector:\n    app.kubernetes.io/name: wirte", "selector matches no pod"),
    ("a secret in the tree", "overlays/local/network.yaml", "# The flows",
     "apiVersion: v1\nkind: Secret\nmetadata:\n  name: mamparo\nstringData:\n  CLUSTER_KEY: x\n"
     "---\n# The flows", "Secret mamparo is in the tree"),
    ("whatever is the latest", "overlays/local/kustomization.yaml", "newTag: 0.1.0",
     "newTag: latest", "not pinned"),
    ("a node that can never be drained", "base/read.yaml", "maxUnavailable: 1",
     "maxUnavailable: 0", "one at a time"),
    ("root", "base/pod.yaml", "        runAsNonRoot: true\n", "", "may run as root"),
    ("a database that is there too late", "base/read-database.yaml", "restartPolicy: Always",
     "tty: false", "end first"),
    ("a setting that is none", "base/kustomization.yaml", "DRAIN_SECONDS=10",
     "DRAIN_SECONDS=10\n      - DRAIN_MINUTES=1", "no setting DRAIN_MINUTES"),
    ("a gateway with nowhere to look", "base/bulkhead.yaml", """            - name: REDIS_URL
              valueFrom:
                secretKeyRef:
                  name: mamparo
                  key: REDIS_URL
""", "", "bulkhead lacks REDIS_URL"),
    ("a gateway that may not look", "overlays/local/network.yaml", "[bulkhead, write, read]",
     "[write, read]", "bulkhead → redis:6379 is not let out"),
    ("switches that a restart forgets", "base/bulkhead.yaml", """            - name: switches
              mountPath: /var/lib/mamparo
""", """            - name: switches
              mountPath: /var/lib/mamparo-switches
""", "no volume that it can write"),
    ("an address by hand", "base/kustomization.yaml", "DRAIN_SECONDS=10",
     "DRAIN_SECONDS=10\n      - READ_SERVERS=read:8000", "bulkhead is told READ_SERVERS"),
    ("a deployment that fights its scaler", "base/bulkhead.yaml", "spec:\n  selector:",
     "spec:\n  replicas: 2\n  selector:", "HorizontalPodAutoscaler alone"),
    ("a model that was forgotten", "../models/kustomization.yaml", "      - medical/reports.avsc\n",
     "", "medical/reports.avsc"),
]


def node(script, folder, documents):
    """A tool over the documents that any cluster knows; its output, line for line."""
    file = folder / "manifests.yaml"
    known = [d for d in documents if not d["apiVersion"].startswith(FOREIGN)]
    file.write_text(yaml.safe_dump_all(known), encoding="utf-8")
    copy = shutil.copy(TOOLS / script, NODE)  # a module's own packages are sought beside it
    done = subprocess.run(
        ["node", copy, file], timeout=120, capture_output=True, text=True, check=False,
        env={**os.environ, "KVAL_NODE_MODULES": str(NODE / "node_modules"), "EXTERNAL": "mamparo"})
    assert done.stdout, done.stderr
    return done.stdout.splitlines()


def invalid(folder, documents):
    return [line for line in node("kval.mjs", folder, documents)
            if line.startswith("BAD") and line not in NO_FAULTS]


@pytest.fixture(scope="module", params=FLOWS)
def overlay(request):
    return request.param


@pytest.fixture(scope="module")
def documents(overlay):
    return render(ROOT, overlay)


def test_kubernetes_knows_every_field_and_every_reference_leads_somewhere(documents, tmp_path):
    assert invalid(tmp_path, documents) == []


def test_pods_are_as_restricted_as_the_standard_asks(documents, tmp_path):
    found = [line.split() for line in node("monokle.mjs", tmp_path, documents)[1:]]
    assert [f for f in found if f[0][:3] in ("PSS", "KBP", "YML", "LNK")
            and f[0] not in NO_FINDINGS] == []


def test_every_promise_is_kept(documents, overlay):
    assert list(broken(Manifests(documents, ROOT / "models"), overlay)) == []


@pytest.mark.parametrize("mistake", PLANTED, ids=lambda mistake: mistake[0].replace(" ", "_"))
def test_a_planted_mistake_is_caught(mistake, tmp_path, say):
    words, file, good, bad, word = mistake
    for part in ["k8s", "models"]:
        shutil.copytree(ROOT / part, tmp_path / part)
    file = tmp_path / "k8s" / file
    text = file.read_text(encoding="utf-8")
    assert good in text
    file.write_text(text.replace(good, bad, 1), encoding="utf-8")
    documents = {overlay: render(tmp_path, overlay) for overlay in FLOWS}
    complaints = [c for overlay, rendered in documents.items()
                  for c in broken(Manifests(rendered, tmp_path / "models"), overlay)]
    if not any(word in c for c in complaints):
        complaints += [c for rendered in documents.values() for c in invalid(tmp_path, rendered)]
    caught = [c for c in complaints if word in c]
    assert caught, complaints
    say(f"caught: {words}: {caught[0]}")
