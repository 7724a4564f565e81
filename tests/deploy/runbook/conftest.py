"""An installation for each chapter of the runbook."""
import pytest
from harness.process import last_words
from installation import Installation


@pytest.fixture(scope="module")
def new_installation(site, request):
    """Makes and starts them, with settings of theirs for all servers."""
    made = []

    def make(**settings):
        chapter = request.module.__name__.removeprefix("test_")
        made.append(Installation(site, f"{chapter}{len(made) or ''}", **settings))
        return made[-1].start()

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def installation(new_installation):
    return new_installation()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        report.sections.append(("what the servers said last", last_words()))
