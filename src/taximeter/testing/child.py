"""Records in a process of its own: ``python -m taximeter.testing.child TRACKER LOCATION FOLDER RUN``.

It records the full run with the adapter as soon as the file `go` is in the folder, and reads it back.
"""

import sys
from pathlib import Path

from taximeter.diff import diff
from taximeter.plugins import load
from taximeter.testing.polling import wait_until
from taximeter.testing.recording import record_run
from taximeter.testing.staging import full_run


def main() -> None:
    """Record and read as the arguments say."""
    name, location, folder, run_id = sys.argv[1:]
    kind = load(name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    wait_until((Path(folder) / "go").exists, 300)
    record = record_run(kind(location), full_run(run_id), Path(folder) / run_id)
    tracker = kind(location)
    assert diff(tracker.read(run_id), record) == []
    tracker.read(run_id, native=True)


if __name__ == "__main__":
    main()
