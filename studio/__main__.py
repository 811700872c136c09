"""``python -m studio`` is ``doppel``."""

import sys

from studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
