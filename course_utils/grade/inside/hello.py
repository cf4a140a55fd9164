"""A script that does nothing wrong: a sandbox in which it does not run proves nothing."""

import os
import sys

os.write(int(sys.argv[1]), b"hello")
