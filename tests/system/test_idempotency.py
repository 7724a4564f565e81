"""The same Idempotency-Key is the same command: done once, answered the same."""
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.events import Stream
from harness.load import Load
from harness.process import wait_until

ENTRIES = "/v1/medical/entries"
COMMANDS = [("POST", ENTRIES), ("PUT", None), ("PATCH", None), ("DELETE", None)]


def keyed(key, **headers):
    return {"Idempotency-Key": key, **headers}


def counts(cluster):
    return cluster.written("SELECT (SELECT count(*) FROM medical.entries),"
                           " (SELECT count(*) FROM mamparo.events)")[0]


@pytest.mark.parametrize("method, path", COMMANDS)
def test_a_command_repeated_under_its_key_is_answered_the_same_and_done_once(cluster, method, path):
    record = cluster.create(title="Antes")
    path = path or f"{ENTRIES}/{record['id']}"
    body = None if method == "DELETE" else {"title": "Después"}
    first = cluster.bulkhead.request(method, path, json=body, headers=keyed(f"{method}-once"))
    assert first.status_code in (200, 201, 204), first.text
    before = counts(cluster)
    again = cluster.bulkhead.request(method, path, json=body, headers=keyed(f"{method}-once"))
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for header in ["ETag", "Location", "Content-Type"]:
        assert again.headers.get(header) == first.headers.get(header)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert counts(cluster) == before


def test_the_older_path_takes_a_key_too(cluster):
    answers = [cluster.bulkhead.post("/bulkhead/", {"title": "x"}, headers=keyed("old")) for _ in "ab"]
    assert answers[0].status_code == 201
    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_a_key_that_was_used_for_another_request_is_422(cluster):
    cluster.write.post(ENTRIES, {"title": "one"}, headers=keyed("taken"))
    before = counts(cluster)
    for method, path, body in [("POST", ENTRIES, {"title": "two"}),
                               ("POST", "/v1/medical/reports", {"title": "one"})]:
        answer = cluster.write.request(method, path, json=body, headers=keyed("taken"))
        assert answer.status_code == 422
        assert answer.json()["reason"] == "key_reused"
    assert counts(cluster) == before


def test_a_command_that_was_refused_leaves_its_key_free(cluster):
    refused = cluster.write.post(ENTRIES, {"title": ""}, headers=keyed("free"))
    assert refused.status_code == 422
    assert cluster.write.post(ENTRIES, {"title": "x"}, headers=keyed("free")).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "has space", "tab\there", "ñ".encode()])
def test_a_key_that_is_none_is_400(cluster, key):
    for server in [cluster.bulkhead, cluster.write]:
        answer = server.post(ENTRIES, {"title": "x"}, headers=keyed(key))
        assert answer.status_code == 400
        assert "Idempotency-Key" in answer.json()["detail"]


def test_the_longest_key_is_taken(cluster):
    assert cluster.write.post(ENTRIES, {"title": "x"}, headers=keyed("k" * 255)).status_code == 201


def test_fifty_at_once_under_one_key_make_one_record_and_one_event(fresh):
    def post(_):
        return fresh.write.post(ENTRIES, {"title": "Una"}, headers=keyed("fifty"))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.content for answer in made} == {made[0].content}
    for answer in answers:
        assert answer.status_code == 201 or (
            answer.status_code == 409 and answer.json()["reason"] == "in_progress"
            and answer.headers["Retry-After"])
    assert counts(fresh) == (1, 1)


def test_after_a_crash_the_key_tells_what_became_of_the_command(fresh):
    with Load(fresh, creators=2) as load:
        load.await_progress()
        pending = ThreadPoolExecutor(20)
        asked = [pending.submit(ask, fresh, number) for number in range(200)]
        fresh.write.kill()
        fresh.write.start().await_ready()
        for future in asked:
            future.result()
    answers = [ask(fresh, number) for number in range(200)]
    assert {answer.status_code for answer in answers} == {201}
    found = fresh.written("SELECT body::json->>'title', count(*) FROM medical.entries"
                          " WHERE body::json->>'title' LIKE 'Clave %%' GROUP BY 1")
    assert sorted(found) == sorted((f"Clave {number}", 1) for number in range(200))
    assert Stream(fresh)


def ask(cluster, number):
    return cluster.bulkhead.post(ENTRIES, {"title": f"Clave {number}"},
                                 headers=keyed(f"crash-{number}"))


def hang_up(listener):
    """Takes each request, but for the gateway's checks, and goes away without a word."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            if connection.recv(65536).startswith(b"GET /ping "):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_a_write_that_may_have_arrived_is_uncertain_also_when_the_next_server_is_not_there(fresh):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hang_up, args=(listener,), daemon=True).start()
        gateway = fresh.new_server(
            "two", "bulkhead", READ_SERVERS=fresh.reads[0].address, THREADS=1,
            WRITE_SERVERS=f"127.0.0.1:{listener.getsockname()[1]},{fresh.write.address}")
        gateway.start().await_ready()
        fresh.write.kill()
        answers = [gateway.post(ENTRIES, {"title": "x"}, headers=keyed(f"lost-{number}"))
                   for number in range(4)]
    assert {answer.json()["reason"] for answer in answers} == {"uncertain"}
    assert {answer.status_code for answer in answers} == {503}


def test_expired_keys_are_dropped(fresh):
    fresh.write.post(ENTRIES, {"title": "x"}, headers=keyed("old"))
    with fresh.postgres.connect(fresh.write_database) as connection:
        connection.execute("UPDATE mamparo.keys SET since = now() - interval '25 hours'")
    fresh.write.kill()
    fresh.write.start().await_ready()
    wait_until(lambda: fresh.written("SELECT count(*) FROM mamparo.keys") == [(0,)], 20,
               "the expired key to go")
