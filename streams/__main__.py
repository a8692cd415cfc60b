"""`python -m streams`: the same as `newsloom`."""

import sys

from streams.cli import main

sys.exit(main())
