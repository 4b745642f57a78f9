"""A training that does nothing but log; it imports taximeter while the clock runs.

Arguments: the trackers, as JSON, and how many points to log.
Prints one line of JSON: the seconds from before the import until the first point was acknowledged; the 50th and
the 99th percentile of the calls in microseconds; and the bytes by which the peak of memory grew from ten thousand
points to all of them.
"""

import json
import resource
import sys
import threading
from pathlib import Path
from time import perf_counter, perf_counter_ns

_TIMED = 10_000


def main() -> None:
    """Log, and print what was measured; the couriers have delivered the run when this ends."""
    trackers, points = json.loads(sys.argv[1]), int(sys.argv[2])
    began = perf_counter()
    import taximeter  # noqa: PLC0415 - its import is measured

    run = taximeter.start_run(trackers=trackers, experiment="benchmark", home=".taximeter", wait_seconds=None)
    run.log_metrics({"loss": 1.0}, step=0)
    started = perf_counter() - began
    times = []
    for step in range(1, _TIMED):
        called = perf_counter_ns()
        run.log_metrics({"loss": 1 / step}, step=step)
        times.append(perf_counter_ns() - called)
    times.sort()
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join()
    before = _peak()
    for step in range(_TIMED, points):
        run.log_metrics({"loss": 1 / step}, step=step)
    growth = _peak() - before
    run.finish()
    problems = [receipt.problem for receipt in run.wait().values() if receipt.problem]
    if problems:
        sys.exit(problems[0])
    p50, p99 = (times[len(times) * percent // 100] / 1000 for percent in (50, 99))
    sys.stdout.write(json.dumps({"started": started, "p50": p50, "p99": p99, "growth": growth}))


def _peak() -> int:
    """Return the most memory that this process has had, in bytes; what started it does not count."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: in bytes
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
