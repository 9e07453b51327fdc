"""A run that cannot end properly is a fault of the kit, and never has the status of a finding."""

from types import SimpleNamespace

import pytest

from beckn_conformance import plugin
from beckn_conformance.errors import UsageError
from beckn_conformance.plugin.campaign import guarded
from beckn_conformance.record.events import TestEnd
from beckn_conformance.record.journal import Journal
from beckn_conformance.record.masking import Masker


class Broken:
    """A campaign or a file that cannot be let go of."""

    def end(self):
        raise OSError(27, "File too large")

    close = end

    def crashed(self, error):
        return f"a fault of the kit: {error}"


def test_an_error_after_the_session_has_status_3(capsys):
    session = SimpleNamespace(exitstatus=1)
    stash = pytest.Stash()
    stash[plugin.CAMPAIGN] = Broken()

    plugin.pytest_unconfigure(
        SimpleNamespace(stash=stash, pluginmanager=SimpleNamespace(get_plugin={"session": session}.get))
    )

    assert session.exitstatus == 3
    assert capsys.readouterr().err == "a fault of the kit: [Errno 27] File too large\n"


def test_files_on_a_full_disk_are_closed(tmp_path):
    journal = Journal(tmp_path, Masker())
    journal.write(TestEnd("a::b", []))
    journal.close()
    journal._exchanges._file = Broken()

    journal.close()


def test_a_late_configuration_error_has_status_4():
    campaign = SimpleNamespace(session=SimpleNamespace(masker=Masker()))

    with pytest.raises(pytest.exit.Exception) as raised, guarded(campaign):
        raise UsageError("values.company_id gives too few\x1b[31m values")

    assert raised.value.returncode == 4
    assert str(raised.value) == r"values.company_id gives too few\x1b[31m values"
