"""Writes facts with one tracker, for another process: ``python -m taximeter.verdicts.worker``.

Standard input has an `Order` as a line of JSON; for each fact there is a line `Begun` on standard output, and when
it is done a line `Written`. What a vendor prints goes to neither: it is part of what is written about the fact.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from taximeter.errors import Unsupported
from taximeter.plugins import load
from taximeter.tracker import Tracker
from taximeter.verdicts.bench import Bench
from taximeter.verdicts.catalogue import fact_of
from taximeter.verdicts.forks import Sender, in_a_fork, share_out
from taximeter.verdicts.messages import CONTROL, Begun, Order, Written
from taximeter.verdicts.said import Listener, is_usual, kind_of, plain_lines

_MOST_LINES = 20
_LONGEST_LINE = 500


def main() -> None:
    """Write the facts, in this process or in some that are forked from it."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    with os.fdopen(os.dup(1), "wb") as out, tempfile.NamedTemporaryFile() as usual:
        os.dup2(2, 1)
        tracker = load(order.tracker)(order.location)
        writer = _Writer(tracker, Listener(), Sender(out), Path(usual.name))
        if size := tracker.import_for_plain():
            in_a_fork(writer.write, [CONTROL])
            share_out(order.facts, size, writer.write, writer.sender.send)
        else:
            writer.write([CONTROL, *order.facts])


class _Writer:
    def __init__(self, tracker: Tracker, listener: Listener, sender: Sender, usual: Path) -> None:
        self.sender = sender
        self._tracker = tracker
        self._listener = listener
        self._usual = usual

    def write(self, facts: Sequence[int]) -> None:
        """Write facts, one after the other; the control run is one of them."""
        for fact in facts:
            self.sender.send(Begun(fact))
            self.sender.send(self._written(fact))

    def _written(self, fact: int) -> Written:
        """Write one fact; what the control run said is not said again."""
        with tempfile.TemporaryDirectory(prefix="taximeter-fact-") as folder:
            bench = Bench(self._tracker, f"fact {fact}", Path(folder))
            error = None
            with self._listener.hear():
                try:
                    (_write_control if fact == CONTROL else fact_of(fact).write)(bench)
                except Exception as raised:  # noqa: BLE001 - a vendor may raise anything, and that is the finding
                    error = raised
                ending = _close(bench)
        error = error or ending
        lines = plain_lines(self._listener.lines)
        if fact == CONTROL:
            self._usual.write_text("\n".join(map(kind_of, lines)))
        usual = self._usual.read_text()
        said = [line[:_LONGEST_LINE] for line in lines if not is_usual(line, usual)]
        return Written(fact, bench.run_ids, bench.notes, said[:_MOST_LINES], _problem(error), _message(error))


def _write_control(bench: Bench) -> None:
    bench.run.log_params({"lr": "one"})
    bench.run.log_metrics({"loss": 0.5}, step=0)


def _close(bench: Bench) -> Exception | None:
    """End the fact's runs, all of them, and return the first error."""
    first = None
    for _ in range(len(bench.run_ids)):
        try:
            bench.close()
        except Exception as error:  # noqa: BLE001 - as above
            first = first or error
    return first


def _problem(error: Exception | None) -> Literal["", "error", "unsupported"]:
    if error is None:
        return ""
    return "unsupported" if isinstance(error, Unsupported) else "error"


def _message(error: Exception | None) -> str:
    if error is None:
        return ""
    return str(error) if isinstance(error, Unsupported) else f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
