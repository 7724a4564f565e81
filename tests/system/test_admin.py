"""The second port of every server: is it alive, can it do its job, and what has it done."""
import json
import re

import pytest
import requests


@pytest.fixture(params=["bulkhead", "write", "read"])
def server(request, cluster):
    return {"bulkhead": cluster.bulkhead, "write": cluster.write,
            "read": cluster.reads[0]}[request.param]


def test_a_server_that_does_its_job_is_live_and_ready(server):
    for path in ["/livez", "/readyz"]:
        answer = server.admin(path)
        assert answer.status_code == 200
        assert answer.text


def test_metrics_are_in_the_format_of_prometheus(server):
    assert server.get("/database/health/").status_code == 200
    answer = server.admin("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    samples = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    assert samples
    for line in samples:
        assert re.fullmatch(r'[a-z_][a-z0-9_]*(\{([a-z_]+="[^"]*",?)*\})? -?[0-9.e+-]+', line), line
    named = {re.match(r"[a-z0-9_]+", line)[0] for line in samples}
    typed = set(re.findall(r"^# TYPE (\S+)", answer.text, re.M))
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in named} <= typed | named & typed


def test_an_answer_is_counted_under_its_status(server):
    def count(status):
        [value] = re.findall(rf'^mamparo_http_answers_total{{code="{status}"}} (\d+)$',
                             server.admin("/metrics").text, re.M)
        return int(value)

    fine, missing = count(200), count(404)
    server.get("/database/health/")
    server.get("/nada")
    assert (count(200), count(404)) == (fine + 1, missing + 1)


def test_statusz_is_json_and_says_the_role(server):
    answer = server.admin("/statusz")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert server.settings["SERVER_TYPE"] in json.dumps(answer.json())


def test_the_two_ports_do_not_answer_for_each_other(server):
    assert server.get("/readyz").status_code == 404
    assert server.get("/metrics").status_code == 404
    assert server.admin("/database/health/").status_code == 404
    assert server.admin("/v1/medical/entries").status_code == 404


def test_nobody_changes_anything_at_the_second_port(server):
    answer = requests.post(f"http://127.0.0.1:{server.admin_port}/readyz", timeout=5)
    assert answer.status_code == 405
