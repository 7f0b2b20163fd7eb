"""Draws somebody's SVG as a PNG, in a process that has nothing but the SVG: a stranger's file may stall or crash what draws it.

`python -m accounts.drawing WIDTH HEIGHT` reads the SVG from its input and writes the picture, whatever else the SVG asks for.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = 10
MOST_MEMORY = 1 << 30  # bytes
_HOUSE = Path(__file__).resolve().parents[1]
# A point is a pixel at 72 to the inch.
_PAGE = b"""
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#let drawn = image.with(bytes(sys.inputs.svg), format: "svg")
#let (width, height) = (float(sys.inputs.width) * 1pt, float(sys.inputs.height) * 1pt)
#context {
  let own = measure(drawn())
  let scale = calc.min(width / own.width, height / own.height)
  drawn(width: own.width * scale, height: own.height * scale)
}
"""


def drawn(svg: bytes, width: int, height: int) -> bytes:
    """A PNG, as large as fits into `width` × `height` pixels. Raises `ValueError` where it cannot be drawn."""
    command = [sys.executable, "-m", __name__, str(width), str(height)]
    alone = {"RAYON_NUM_THREADS": "1"}
    try:
        return subprocess.run(command, input=svg, capture_output=True, check=True, timeout=SECONDS, cwd=_HOUSE, env=alone).stdout
    except subprocess.SubprocessError:
        raise ValueError("the SVG cannot be drawn") from None


def _main(width: str, height: str) -> None:
    import typst

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    inputs = {"svg": sys.stdin.buffer.read().decode(), "width": width, "height": height}
    with tempfile.TemporaryDirectory() as empty:
        picture = typst.Compiler(input=_PAGE, root=empty, ignore_system_fonts=True, sys_inputs=inputs).compile(format="png", ppi=72)
    assert isinstance(picture, bytes)
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    _main(*sys.argv[1:])
