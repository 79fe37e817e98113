"""Print a digest of the weights after every fit of every example.

Run at two commits and compare, to see that a change of structure left each bit alone::

    python tests/example_weights.py > before.txt
    git switch ... && python tests/example_weights.py | diff before.txt -
"""

import contextlib
import hashlib
import io
import runpy
import sys
import warnings
from pathlib import Path

import chainrule as cr

EXAMPLES = Path(__file__).parents[1] / "examples"


def digest(net) -> str:
    """Return a hash of all parameters, names and dtypes included."""
    found = hashlib.sha256()
    for name, value in sorted(net.params.items()):
        array = value[...]
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()[:16]


def main() -> None:
    """Run the examples that are named, or all of them."""
    fits = {kind: kind.fit for kind in (cr.Network, cr.RBM)}
    for path in sorted(EXAMPLES.glob("[0-9]*.py")):
        if sys.argv[1:] and path.stem not in sys.argv[1:]:
            continue
        digests: list[str] = []

        def recorded(net, *args, digests=digests, **kwargs):
            history = fits[type(net)](net, *args, **kwargs)
            digests.append(digest(net))
            return history

        for kind in fits:
            kind.fit = recorded
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runpy.run_path(str(path), run_name="__main__")
        print(path.stem, *digests, flush=True)


if __name__ == "__main__":
    main()
