"""Run the code of plots.md, and draw its images again: ``python docs/plots.py``.

The last expression of a block of code is the figure that is written to the image file after it.
"""

import ast
import re
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
PAGE = HERE / "plots.md"
DOTS_PER_INCH = 100
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n!\[[^\]]*\]\(([^)]+)\))?", re.DOTALL)


def main() -> None:
    names: dict = {}
    for code, name in BLOCK.findall(PAGE.read_text("utf-8")):
        if not name:
            exec(code, names)
            continue
        *before, last = ast.parse(code).body
        exec(compile(ast.Module(before, []), str(PAGE), "exec"), names)
        figure = eval(compile(ast.Expression(last.value), str(PAGE), "eval"), names)
        figure.savefig(HERE / name, dpi=DOTS_PER_INCH)
        # 128 colours take a third of the space; an octree keeps those of thin lines.
        with Image.open(HERE / name) as image:
            small = image.convert("RGB").quantize(128, Image.Quantize.FASTOCTREE)
        small.save(HERE / name, optimize=True)
        print(f"{name}: {(HERE / name).stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
