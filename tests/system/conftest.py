"""What every system test can ask for: a worker's site, and clusters on it."""
import os
import random

import pytest
from harness.process import last_words
from harness.site import Site, quick

os.environ["no_proxy"] = "127.0.0.1"


def pytest_addoption(parser):
    group = parser.getgroup("mamparo")
    group.addoption("--long", action="store_true", help=(
        "the long form of what is tested in a short one otherwise: in test_kills.py 1,000 kills of"
        " the write server and 50 of its PostgreSQL instead of 20 and 10, in test_memory.py ten"
        " times the load, in test_read_after.py 10,000 pairs instead of 500, in test_rolling.py 20"
        " restarts of every role instead of 2; some minutes"))
    group.addoption("--seed", type=int, help=(
        "what random moments and choices are drawn from; a failed test shows the one it had"))


@pytest.fixture
def is_long(request):
    return request.config.getoption("--long")


@pytest.fixture
def chance(request):
    """Random numbers, whose seed is shown when the test fails."""
    seed = request.config.getoption("--seed")
    seed = random.randrange(2**32) if seed is None else seed
    print(f"--seed {seed}")
    return random.Random(seed)


@pytest.fixture
def say(capfd):
    """Tells whoever waits for a long test how far it is."""
    def say(text):
        with capfd.disabled():
            print(f"\n{text}", end="", flush=True)

    return say


@pytest.fixture(scope="session")
def site():
    made = Site(quick())
    yield made
    made.close()


@pytest.fixture(scope="module")
def cluster(site):
    """One write, three reads, one bulkhead; shared by the tests of a file."""
    made = site.new_cluster().start()
    yield made
    made.close()


@pytest.fixture
def new_cluster(site):
    """Makes clusters of the test's own, not started yet."""
    made = []

    def make(**how):
        made.append(site.new_cluster(**how))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def fresh(new_cluster):
    """A cluster of the test's own, empty and free to be broken."""
    return new_cluster().start()


@pytest.fixture
def new_postgres(site):
    """Makes PostgreSQL servers of the test's own, not started yet."""
    made = []

    def make():
        made.append(site.new_postgres().make())
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.fixture
def apart(new_cluster, new_postgres):
    """A cluster whose write side has a PostgreSQL of its own."""
    return new_cluster(postgres=new_postgres().start()).start()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """A failed test shows what the servers said last."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        report.sections.append(("what the servers said last", last_words()))
