"""The folder in which a run leaves its record."""

import dataclasses

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.record import journal
from beckn_conformance.record.journal import Journal, prepare
from beckn_conformance.record.masking import Masker
from tests.exchanges import GET, exchange, nack


@pytest.mark.parametrize("obstacle", ["reports", "reports/report.json/x", "reports/exchanges.jsonl/x"])
def test_a_report_folder_that_cannot_be_written_is_refused(tmp_path, obstacle):
    (tmp_path / obstacle).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / obstacle).touch()

    for folder in {tmp_path / "reports", *([tmp_path / "reports" / "beneath"] if obstacle == "reports" else [])}:
        with pytest.raises(UsageError, match=f"{folder} cannot be written"):
            prepare(folder)


def test_header_fields_without_end_do_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "LARGEST_RECORD", 500_000)
    flooded = exchange(GET, {}, nack())
    fields = tuple((f"x-{number}", "\xff" * 1000) for number in range(40))
    flooded = dataclasses.replace(flooded, reply=dataclasses.replace(flooded.reply, headers=fields))
    record = Journal(tmp_path, Masker())
    for _ in range(20):
        record.write(flooded)
    record.close()

    assert (tmp_path / "exchanges.jsonl").stat().st_size < 1_000_000
