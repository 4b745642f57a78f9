"""Begins, describes, feeds and ends W&B runs, and starts W&B's service anew when it has died."""

import atexit
import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import wandb
from wandb.proto import wandb_internal_pb2, wandb_server_pb2, wandb_settings_pb2
from wandb.sdk.mailbox import HandleAbandonedError, MailboxClosedError, mailbox_handle
from wandb.sdk.wandb_settings import CLIENT_ONLY_SETTINGS

from taximeter.errors import TrackerError
from taximeter.events import Started
from taximeter_wandb.native import OURS, STEP, param_value, project_for, run_id_for

SERVICE_GONE = (ConnectionError, HandleAbandonedError, MailboxClosedError)
"""What the vendor raises when its service process has died."""

_REFUSED: type[Exception] = getattr(mailbox_handle, "ServerResponseError", HandleAbandonedError)
"""What the vendor raises when it refuses a run; before 0.26 it refuses none."""

KILLED = 137
"""The exit code of a run that was killed: what a shell gives a process that SIGKILL ended."""

_PATIENCE_SECONDS = 10.0
_FLUSH_SECONDS = 1.0
_YEAR_9999 = 253_402_300_799_000_000
_open: set[wandb.Run] = set()


def begin(location: str, started: Started) -> wandb.Run:
    """Begin a run in the folder `location`, beside whatever other runs are open.

    Raises:
        OSError: the folder cannot be made.
        TrackerError: W&B refused, or began the run elsewhere.
    """
    Path(location).mkdir(parents=True, exist_ok=True)
    run = _begin(location, started)
    _open.add(run)
    atexit.unregister(_abandon)
    atexit.register(_abandon)  # later than the vendor's own, so that it is called before that
    if not Path(run.dir).resolve().is_relative_to(Path(location).resolve()):
        end(run, KILLED)
        raise TrackerError(f"W&B cannot write to {location}; it began the run in {run.dir}.")
    Path(run.settings.log_dir, "debug-core.log").unlink(missing_ok=True)  # a link out of the store
    run.define_metric(STEP, hidden=True)
    run.define_metric("*", step_metric=STEP)
    _set_start(run, started)
    return run


def end(run: wandb.Run, exit_code: int) -> None:
    """Write the end of a run; W&B calls every code but 0 a failure."""
    _open.discard(run)
    run.finish(exit_code=exit_code)


def describe(run: wandb.Run, environment: Mapping[str, Any]) -> None:
    """Add to what W&B shows of the run's machine and code.

    Its public interface describes only the process that calls it, which is not the one that trains.

    Args:
        run: a run that is open.
        environment: fields of W&B's ``EnvironmentRecord``; those that this release lacks are left out.
    """
    interface = _interface(run)
    if interface is None:
        raise TrackerError(f"the W&B run {run.id} is not open.")
    kind = wandb_internal_pb2.EnvironmentRecord  # type: ignore[attr-defined]
    interface.publish_environment(kind(**_known(environment, kind.DESCRIPTOR), writer_id=run.id))


@contextlib.contextmanager
def together(run: wandb.Run) -> Iterator[None]:
    """Hand everything that is published meanwhile to W&B's thread at once, when this ends.

    By itself W&B waits for that thread with each row, which takes most of the time; older releases have no thread.
    """
    interface = _interface(run)
    if not (hasattr(interface, "_asyncer") and hasattr(interface, "_client")):
        yield
        return
    requests: list[Any] = []

    def collect(record: Any, *, nowait: bool = False) -> None:
        if nowait:
            publish(record, nowait=True)
            return
        interface._assign(record)  # noqa: SLF001 - as W&B's own does
        requests.append(wandb_server_pb2.ServerRequest(record_publish=record))  # type: ignore[attr-defined]

    async def send() -> None:
        for request in requests:
            await interface._client.publish(request)  # noqa: SLF001 - as above

    publish = interface._publish  # noqa: SLF001 - as above
    interface._publish = collect  # noqa: SLF001 - as above
    try:
        yield
    finally:
        interface._publish = publish  # noqa: SLF001 - as above
    interface._asyncer.run(send)  # noqa: SLF001 - as above


def _interface(run: wandb.Run) -> Any:
    """Return what a run is written through; older releases keep it in the run's backend."""
    holder: Any = run
    if hasattr(run, "_interface"):
        return holder._interface  # noqa: SLF001 - see `describe`
    return getattr(holder._backend, "interface", None)  # noqa: SLF001 - as above


def _known(fields: Mapping[str, Any], message: Any) -> dict[str, Any]:
    """Return the fields that a message of this release has."""
    known = message.fields_by_name
    return {
        name: _known(value, known[name].message_type) if isinstance(value, Mapping) else value
        for name, value in fields.items()
        if name in known
    }


def _begin(location: str, started: Started) -> wandb.Run:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return _init(location, started)
        except SERVICE_GONE as error:
            failure: Exception = error
            _forget_service()
        except _REFUSED as error:  # an earlier attempt at this run is not closed yet
            failure = error
            time.sleep(0.01)
        except wandb.Error as error:
            raise TrackerError(f"W&B could not begin the run: {error}") from error
        if time.monotonic() > deadline:
            raise TrackerError(f"W&B could not begin the run: {failure}") from failure


def _forget_service() -> None:
    """Let the vendor start another service; the runs that the dead one held are lost with it."""
    connection = wandb.setup()._connection  # noqa: SLF001 - the vendor does not wait for a service that failed
    process = None if connection is None else connection._proc  # noqa: SLF001 - as above
    with contextlib.suppress(*SERVICE_GONE):
        wandb.teardown()
    if process is not None:
        process.join()
    _open.clear()


def _init(location: str, started: Started) -> wandb.Run:
    ours = {"run": started.run_id, "experiment": started.experiment, "parent": started.parent_id}
    ours |= {"hypothesis": started.hypothesis}
    return wandb.init(
        mode="offline",
        dir=str(Path(location).absolute()),
        id=run_id_for(started.run_id),
        project=project_for(started.experiment),
        name=started.name,
        group=started.parent_id,
        config={OURS: {name: param_value(text) for name, text in ours.items() if text is not None}},
        reinit="create_new",
        settings=_settings(),
    )


def _settings() -> wandb.Settings:
    """Return settings under which W&B writes what it is given, and nothing of this process."""
    chosen: dict[str, Any] = {
        "console": "off",
        "silent": True,
        "disable_code": True,
        "disable_git": True,
        "disable_job_creation": True,
        "label_disable": True,
        "sagemaker_disable": True,
        "save_code": False,
        "use_dot_wandb": False,
        "x_disable_machine_info": True,
        "x_disable_meta": True,
        "x_disable_stats": True,
        "x_save_requirements": False,
        "x_transaction_log_flush_interval": _FLUSH_SECONDS,
    }
    sent = wandb_settings_pb2.Settings.DESCRIPTOR.fields_by_name  # type: ignore[attr-defined]
    known = wandb.Settings.model_fields.keys() & {*sent, *CLIENT_ONLY_SETTINGS}  # older releases refuse others
    return wandb.Settings(**{name: value for name, value in chosen.items() if name in known})


def _set_start(run: wandb.Run, started: Started) -> None:
    """Give the run its own start; W&B takes the time of the call, and has no setting for another."""
    start = min(max(started.time, 0), _YEAR_9999)
    run._start_time = (start + 0.5) / 1e6  # noqa: SLF001 - as above; W&B cuts to microseconds
    run.name = started.name  # sends the head of the run again
    seconds, microseconds = divmod(start, 1_000_000)
    describe(run, {"started_at": {"seconds": seconds, "nanos": microseconds * 1000}})


def _abandon() -> None:
    """End the runs that are still open when the process ends; W&B by itself would call them finished."""
    for run in list(_open):
        with contextlib.suppress(*SERVICE_GONE):
            end(run, KILLED)
