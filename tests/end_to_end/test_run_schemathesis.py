"""Schemathesis takes part without a trace: no folder, no warning, no setting of the folder around."""


def test_a_run_leaves_nothing_but_its_report(kit):
    kit.seeded = False
    (kit.folder / "schemathesis.toml").write_text("this is no TOML")

    run = kit.run("reference", "-p", "no:cacheprovider", "-W", "error", "-k", "schemathesis", "--fuzz-examples", "5")

    assert run.status == 0, run.output
    assert "warning" not in run.output.casefold()
    left = {file.name for file in kit.folder.iterdir()} - {"printed.txt", "printed.peak"}
    assert left == {"reports", "schemathesis.toml"}


def test_the_same_seed_sends_the_same_messages(kit):
    def spoiled():
        options = ("-k", "schemathesis and get", "--fuzz-examples", "20", "--hypothesis-seed", "4")
        run = kit.run("reference", *options)
        assert run.status == 0, run.output
        return sorted((e["request"]["url"].partition("/Provider")[2], e["reply"]["status"]) for e in run.journal)

    assert spoiled() == spoiled()
