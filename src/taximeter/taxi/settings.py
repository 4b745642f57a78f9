"""The settings of an experiment; quick to import, so that a command line can build one."""

from typing import Any

import msgspec


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of an experiment.

    Attributes:
        train: months (``2025-01``), paths or URLs.
        validation: as `train`.
        test: as `train`; may be empty.
        colour: ``green`` or ``yellow``; it completes the names of months.
        model: a name in `taximeter.taxi.models.MODELS`.
        hyperparameters: those that differ from the model's defaults.
        max_distance: miles; longer trips are left out of every role. None keeps all.
        allow_leak: go on where the same trips play two roles.
        data: the folder of the months, or ``sample``; see `taximeter.taxi.months.find_months`.
    """

    train: tuple[str, ...] = ("2025-01",)
    validation: tuple[str, ...] = ("2025-02",)
    test: tuple[str, ...] = ()
    colour: str = "green"
    model: str = "lasso"
    hyperparameters: dict[str, Any] = {}
    max_distance: float | None = None
    allow_leak: bool = False
    data: str | None = None
