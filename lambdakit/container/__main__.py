"""`python -m lambdakit.container HANDLER`: the entry point of a container image."""

import sys

from lambdakit.container.entry import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
