"""Every planted defect against the whole suite: which requirements report it. Run as a command, it writes a file.

``python tests/proof/matrix.py [FOLDER]`` writes ``matrix.json`` and ``matrix.md`` to the folder (``reports``).
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def observe(name: str) -> tuple[str, list[str]]:
    """The requirements with a finding when one defect meets the whole suite; why, where the run cannot start."""
    from proof.harness import items, run

    from beckn_conformance.errors import Unreachable

    try:
        session = run(items(), defects=(name,))
    except Unreachable as error:
        return name, [f"inconclusive: {error}"]
    outcomes = session.conclude().outcomes
    return name, [o.requirement.id for o in outcomes if o.status in ("failed", "warned")]


def main(folder: Path) -> int:
    """Runs the matrix on all processors; 1 where a defect is not found under its requirement, or others report it."""
    import reference_server

    defects = reference_server.DEFECTS
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        seen = dict(pool.map(observe, sorted(defects)))
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in sorted(defects, key=lambda n: (defects[n].requirement, n)):
        own = defects[name].requirement in seen[name]
        others = [r for r in seen[name] if r not in {defects[name].requirement, *defects[name].consequences}]
        rows.append(
            {
                "defect": name,
                "summary": defects[name].summary,
                "requirement": defects[name].requirement,
                "found": own,
                "consequences": [r for r in seen[name] if r in defects[name].consequences],
                "others": others,
            }
        )
    (folder / "matrix.json").write_text(json.dumps(rows, indent=1) + "\n")
    lines = [
        "# Every planted defect against the whole suite",
        "",
        f"{len(rows)} defects; {sum(r['found'] for r in rows)} found under their own requirement; "
        f"{sum(bool(r['others']) for r in rows)} reported by other requirements as well.",
        "",
        "| requirement | defect | found | also reported by |",
        "|---|---|---|---|",
        *(
            f"| {r['requirement']} | {r['defect']} | {'yes' if r['found'] else '**no**'} | "
            f"{', '.join([*r['consequences'], *r['others']])} |"
            for r in rows
        ),
    ]
    (folder / "matrix.md").write_text("\n".join(lines) + "\n")
    print(lines[2])
    for r in rows:
        if not r["found"] or r["others"]:
            print(f"{r['requirement']} {r['defect']}: {'found' if r['found'] else 'NOT FOUND'}; others: {r['others']}")
    return int(any(not r["found"] for r in rows))


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "reports"))
