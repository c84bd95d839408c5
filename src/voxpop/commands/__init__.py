"""The command line: each command, and what commands share."""

import sys

# structlog imports rich where it is installed, for tracebacks that the product does not print. Without it a process is
# 3 MB smaller and starts sooner. The progress bar imports rich when it is needed.
if "structlog" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog  # noqa: F401 - for its imports

    del sys.modules["rich"]
