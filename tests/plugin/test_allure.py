"""Results of Allure are masked, whatever other tests have attached to them."""

from beckn_conformance.plugin.allure import Results


def test_a_picture_of_another_test_is_left_as_it_is(tmp_path):
    (tmp_path / "0-attachment.txt").write_text("of an earlier run, hunter2")
    results = Results(tmp_path, opened=None)
    (tmp_path / "1-attachment.png").write_bytes(b"\x89PNG hunter2")
    (tmp_path / "2-attachment.txt").write_text("ünder hunter2", "utf-8")

    results.mask_again(lambda text: text.replace("hunter2", "<secret>"))

    assert (tmp_path / "0-attachment.txt").read_text() == "of an earlier run, hunter2"
    assert (tmp_path / "1-attachment.png").read_bytes() == b"\x89PNG hunter2"
    assert (tmp_path / "2-attachment.txt").read_text("utf-8") == "ünder <secret>"
