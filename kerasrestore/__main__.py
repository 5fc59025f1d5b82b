"""`python -m kerasrestore`."""

import sys

from kerasrestore.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
