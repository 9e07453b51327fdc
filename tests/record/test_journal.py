"""The folder in which a run leaves its record."""

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.record.journal import prepare


@pytest.mark.parametrize("obstacle", ["reports", "reports/report.json/x", "reports/exchanges.jsonl/x"])
def test_a_report_folder_that_cannot_be_written_is_refused(tmp_path, obstacle):
    (tmp_path / obstacle).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / obstacle).touch()

    for folder in {tmp_path / "reports", *([tmp_path / "reports" / "beneath"] if obstacle == "reports" else [])}:
        with pytest.raises(UsageError, match=f"{folder} cannot be written"):
            prepare(folder)
