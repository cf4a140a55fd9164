"""A script that does nothing wrong: a sandbox in which it does not run proves nothing.

It sends "hello", or the names of the packages that an answer needs and that cannot be seen from here.
"""

import importlib.util
import os
import sys

absent = [name for name in ("numpy", "safetensors", "torch") if importlib.util.find_spec(name) is None]
os.write(int(sys.argv[1]), (" and ".join(absent) or "hello").encode())
