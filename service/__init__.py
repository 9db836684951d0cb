"""How the service is asked for: pages, API, operations, storage, jobs."""

import sys

# For coloured tracebacks that nobody here prints, structlog would load rich and all that stands
# behind it into every process, where it held eight megabytes.
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # pyright: ignore[reportArgumentType]  # "not to be had", in Python's own words
    try:
        import structlog as structlog
    finally:
        del sys.modules["rich"]
