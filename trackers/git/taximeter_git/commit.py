"""A run's commit as git has it: what its ref, its dates and its message tell, be it ours or somebody else's."""

import os
from collections.abc import Mapping

import msgspec

from taximeter.record import Status
from taximeter_git.message import read_message
from taximeter_git.names import ref_names
from taximeter_git.texts import read_time

_MICROSECONDS = 1_000_000
_STATUSES: dict[str, Status] = {status: status for status in ("running", "finished", "failed", "killed")}


class RunCommit(msgspec.Struct, frozen=True, kw_only=True):
    """The run that a commit tells of; times are microseconds since 1970."""

    ref: str
    tree: str
    """The name of the tree object with its files."""
    run_id: str
    experiment: str
    name: str
    status: Status
    started: int
    ended: int | None
    parent_id: str | None
    body: str
    """What the message says between its subject and the trailers."""
    ours: bool
    """It has our trailers."""


def read_commit(ref: str, content: bytes) -> RunCommit:
    """Return the run of a commit object that `ref` names."""
    head, _, message = content.partition(b"\n\n")
    headers = dict(line.partition(b" ")[::2] for line in reversed(head.split(b"\n")))
    subject, body, trailers = read_message(_decoded(message, headers.get(b"encoding", b"utf-8").decode()))
    ref = os.fsencode(ref).decode(errors="replace")
    experiment, run_id = ref_names(ref)
    authored, committed = (_date(headers[name]) for name in (b"author", b"committer"))
    started = _time(trailers, "Started")
    return RunCommit(
        ref=ref,
        tree=headers[b"tree"].decode(),
        run_id=trailers.get("Run", run_id),
        experiment=trailers.get("Experiment", experiment),
        name=trailers.get("Name", subject),
        status=_STATUSES.get(trailers.get("Status", ""), "finished"),
        started=authored if started is None else started,
        ended=_time(trailers, "Ended") if trailers else committed,
        parent_id=trailers.get("Parent"),
        body=body,
        ours="Run" in trailers,
    )


def _decoded(message: bytes, encoding: str) -> str:
    try:
        return message.decode(encoding, errors="replace")
    except LookupError:  # an encoding that only they have
        return message.decode(errors="replace")


def _date(identity: bytes) -> int:
    """Return the time at the end of an author's or committer's line."""
    seconds = identity.split()[-2]
    return int(seconds) * _MICROSECONDS if seconds.isdigit() else 0


def _time(trailers: Mapping[str, str], name: str) -> int | None:
    try:
        return read_time(trailers[name])
    except (KeyError, ValueError):
        return None
