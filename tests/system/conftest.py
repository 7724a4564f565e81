"""What every system test can ask for: a worker's site, and clusters on it."""
import os

import pytest
from harness.process import last_words
from harness.site import Site

os.environ["no_proxy"] = "127.0.0.1"


@pytest.fixture(scope="session")
def site():
    made = Site()
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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """A failed test shows what the servers said last."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        report.sections.append(("what the servers said last", last_words()))
