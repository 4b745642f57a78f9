"""DVCLive for one folder: it looks at no repository, and keeps what it is given as it is."""

from pathlib import Path
from typing import Any

from dvclive.live import Live
from dvclive.plots.image import Image
from dvclive.plots.metric import Metric


class LocalLive(Live):
    """A `dvclive.Live` whose ``dvc.yaml`` lies in its own folder.

    `Live.end` and `Live.next_step` are not for it: they read all points again for DVC Studio, in a thread that
    never ends, and write in the DVC repository around the current folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), dvcyaml=str(folder / "dvc.yaml"), save_dvc_exp=False)

    def _init_dvc(self) -> None:
        """Leave Git alone: DVCLive would turn the repository around the current folder into one of DVC."""
        self._dvc_file = self._init_dvc_file()

    def make_dvcyaml(self) -> None:
        """Write ``dvc.yaml`` anew; in the run's own folder DVCLive would add its entries again each time."""
        Path(self.dvc_file).unlink(missing_ok=True)
        super().make_dvcyaml()

    def add_metric(self, name: str) -> Path:
        """Return the file of a metric's points."""
        self._metrics[name] = Metric(name, self.plots_dir)
        return Path(self._metrics[name].output_path)

    def add_image(self, name: str) -> Path:
        """Return the file of an image."""
        self._images[name] = Image(name, self.plots_dir)
        return self._images[name].output_path

    def add_artifact(self, name: str, entry: dict[str, Any]) -> None:
        """Set an entry of ``dvc.yaml``'s artifacts, as `Live.log_artifact` does in a DVC repository."""
        self._artifacts[name] = entry
