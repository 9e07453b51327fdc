"""Shell commands are made of recorded requests, whatever those hold."""

import subprocess
import time

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.messages.registration import Registration
from beckn_conformance.messages.shell import printing
from beckn_conformance.messages.tokens import DISGUISES
from beckn_conformance.run.curl import Substitutions, word_of
from beckn_conformance.specification.pointer import MISSING


def test_looking_for_an_address_takes_time_in_proportion_to_the_text():
    text = "aaaaaaaaaa-transit." * 6000
    began = time.process_time()

    assert word_of(text) == ""

    assert time.process_time() - began < 5


def test_no_module_of_the_current_folder_is_imported(tmp_path):
    # Whoever unpacks a report runs its scripts where a stranger's files lie.
    for name in ("base64", "json", "re", "zlib"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')")
    made = Registration("reg-1", "t-1", 0.0, MISSING)
    takes = Substitutions(HttpBinding(), GatewayConfig("https://gw.example")).take(made, 1)
    lines = [
        printing(["x" * 9000]),
        f"printf %s abc | {DISGUISES[0].shell}",
        """R1='{"registration":{"id":7}}'""",
        *takes,
    ]

    subprocess.run(["sh", "-c", "\n".join(lines)], cwd=tmp_path, capture_output=True, check=False)

    assert not (tmp_path / "ran").exists()
