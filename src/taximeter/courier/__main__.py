"""Runs a courier: ``python -m taximeter.courier OUTBOX``."""

import logging
import sys
from pathlib import Path

from taximeter.courier.serve import serve
from taximeter.journal.home import Home, Outbox
from taximeter.redact import redact


class _Formatter(logging.Formatter):
    """Keeps secrets, such as a password in a location, out of the log."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def main() -> None:
    """Serve the outbox whose path is the only argument."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler])
    path = Path(sys.argv[1])
    serve(Outbox(path), Home(path.parent.parent))


if __name__ == "__main__":
    main()
