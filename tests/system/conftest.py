"""What every system test can ask for: a worker's site, and a cluster for the file."""
import pytest
from harness.process import last_words
from harness.site import Site


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
def fresh(site):
    """A cluster of the test's own, empty and free to be broken."""
    made = site.new_cluster().start()
    yield made
    made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """A failed test shows what the servers said last."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        report.sections.append(("what the servers said last", last_words()))
