"""Losing Redis: away for a while, back with nothing in it, and made anew elsewhere."""
import pytest
from harness.process import wait_until
from installation import Users, check_unseen, relay_of, switch_of

LAG_MAX_MS = 1000  # instead of 10 s


@pytest.fixture(scope="module")
def installation(new_installation):
    return new_installation(LAG_MAX_MS=LAG_MAX_MS)


def metric(server, name):
    """The largest of its values."""
    return max(float(line.split()[-1]) for line in server.admin("/metrics").text.splitlines()
               if line.startswith(f"{name}{{"))


def fillings(installation):
    return [metric(read, "mamparo_replica_resyncs_total") for read in installation.reads]


@pytest.fixture(scope="module")
def away(installation):
    """Redis was away until every replica was older than what takes one out otherwise; meanwhile a
    gateway was started. Then it came back with nothing in it."""
    before = fillings(installation)
    with Users(installation) as load:
        installation.redis.kill()
        late = next(one for one in installation.places["bulkhead"] if not one.is_running())
        installation.boot(late)
        wait_until(lambda: all(metric(read, "mamparo_replica_lag_milliseconds") > 3 * LAG_MAX_MS
                               for read in installation.reads), 30, "the replicas to be old")
        load.await_progress(50)
        installation.unready = late.admin("/readyz").text
        installation.readiness = [read.is_ready() for read in installation.reads]
        installation.redis.start()
        late.await_ready()
        assert late.stop() == 0
        wait_until(lambda: "leading" in [relay_of(write) for write in installation.writes], 30,
                   "a relay to be back")
        load.await_progress(50)
    return load, before


def test_while_redis_is_away_everybody_is_served(installation, away):
    load, _ = away
    check_unseen(load)
    assert installation.readiness == [True, True, True]


def test_a_gateway_that_starts_meanwhile_knows_nobody_and_says_so(installation, away):
    assert "no server behind is known" in installation.unready


def test_what_redis_lost_is_published_again_and_nobody_fills_itself(installation, away):
    _, before = away
    assert fillings(installation) == before
    status, said = installation.verify()
    assert status == 0 and "differs" not in said, said


def test_a_redis_that_was_made_anew_is_taken_over_server_by_server(installation):
    """`terraform apply` runs secrets.sh, which stores the new address and AUTH string."""
    installation.switch("imaging/reads", False)
    with Users(installation) as load:
        installation.redis.kill()
        installation.cloud.redis = installation.cloud.new_redis().start()
        installation.processes.append(installation.cloud.redis)
        assert "redis-url has a new value" in installation.cloud.secrets_sh()
        for role in ["write", "read", "bulkhead"]:
            for server in installation.group(role):
                installation.rerun(server)
        load.await_progress(50)
    check_unseen(load)
    status, said = installation.verify()
    assert status == 0 and "differs" not in said, said
    for gateway in installation.gateways:
        assert switch_of(gateway, "imaging/reads")["enabled"] is False
