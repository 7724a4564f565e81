"""The harness of the system tests, for tests of what is deployed."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))


@pytest.fixture(scope="session")
def site():
    from harness.site import Site  # only those who ask for servers need its packages
    site = Site()
    yield site
    site.close()


@pytest.fixture
def say(capfd):
    """Tells a figure that is measured, not asserted."""
    def say(text):
        with capfd.disabled():
            print(f"\n  {text}", flush=True)
    return say
