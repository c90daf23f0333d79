"""`python -m lambdakit.runtime MODULE.FUNCTION`: the command an execution environment starts."""

import sys

from lambdakit.runtime.entry import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
