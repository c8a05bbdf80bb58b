"""Run the measurements of this folder.

python -m benchmarks                 # all, one after another
python -m benchmarks ingest          # one; `--help` after its name shows what it takes
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_"))


def main() -> int:
    name, *arguments = sys.argv[1:] or [""]
    if name and name not in NAMES:
        print(f"{__doc__}\nmeasurements: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    codes = [subprocess.call([sys.executable, "-m", f"benchmarks.{one}", *arguments]) for one in ([name] if name else NAMES)]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
