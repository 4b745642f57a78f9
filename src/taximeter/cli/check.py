"""The command ``check``: runs the suite of trackers on one of them."""

from typing import Annotated

import typer

from taximeter.check import Verdict, check_tracker
from taximeter.cli.output import plain, print_json, print_table, stderr
from taximeter.cli.stores import Json
from taximeter.errors import TaximeterError


def check_suite(
    tracker: Annotated[str, typer.Argument(metavar="TRACKER", help="An installed tracker, yours or anybody's.")],
    as_json: Json = False,
) -> None:
    """Test a tracker: what it reads back, what it declares, what it survives.

    Example: taximeter check csv
    """
    with stderr.status("collecting the tests") as status:
        verdict = check_tracker(tracker, on_test=lambda name: status.update(plain(name)))
    if as_json:
        print_json(verdict)
    else:
        _print_verdict(verdict)
    if verdict.failures:
        raise TaximeterError(f"{len(verdict.failures)} of {verdict.tests} tests failed on {tracker}.")


def _print_verdict(verdict: Verdict) -> None:
    rows = [(group.name, group.passed, group.failed) for group in verdict.groups]
    print_table(
        f"{verdict.tests} tests of {verdict.tracker}",
        ("group", "passed", "failed"),
        rows,
        right=("passed", "failed"),
    )
    if verdict.failures:
        failures = [(failure.group, failure.test, failure.reason) for failure in verdict.failures]
        print_table("What failed", ("group", "test", "reason"), failures)
