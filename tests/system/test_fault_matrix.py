"""The fault matrix in its short form: no fault breaks a promise. `tests/system/faults/run.py` has
the whole of it."""
import pytest
from faults import run

FAULTS = run.chosen("", is_short=True)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.title for fault in FAULTS])
def test_what_was_promised_is_kept(site, fault):
    row = run.happen(site, fault, run.SHORT)
    print(run.HEAD, row, sep="\n")
    assert row.is_kept, row
    if row.verify.startswith("not tried"):
        pytest.skip(row.verify)


def test_every_fault_has_a_name_of_its_own():
    titles = [fault.title for fault in run.chosen("", is_short=False)]
    assert len(titles) == len(set(titles)) > 30
