"""Base class of the algorithms: parameters to requests, events to results."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
)
from qgis.PyQt.QtGui import QIcon

from ...models.shared.events import Event
from ...models.shared.requests import Request
from ..environment.check import find_python
from ..errors import UserError
from ..help import page
from ..icons import plugin_icon
from ..settings import Settings
from ..wording import tr
from ..worker.launch import Launch
from .blocking_worker import BlockingWorker
from .parameters import Parameters


class Algorithm(QgsProcessingAlgorithm):
    """A task of the worker as a Processing algorithm.

    Layers of the project are read in `prepareAlgorithm`, which QGIS calls in its main thread. The thread that runs the
    algorithm then waits for the worker.
    """

    key = ""  # name in models, scripts and qgis_process; must never change

    # --- what an algorithm says of itself -------------------------------------------------------------------------

    def title(self) -> str:
        """Return the title."""
        raise NotImplementedError

    def help(self) -> str:
        """Return the description as HTML."""
        raise NotImplementedError

    def declared(self) -> Sequence[QgsProcessingParameterDefinition]:
        """Return the parameters."""
        raise NotImplementedError

    def plan(self, values: Parameters) -> Sequence[Request]:
        """Turn parameters into requests.

        Raises:
            UserError: if the parameters cannot be used.
        """
        raise NotImplementedError

    def results(self, events: Sequence[Event], values: Parameters) -> Mapping[str, object]:
        """Turn events into outputs."""
        raise NotImplementedError

    # --- what QGIS asks -------------------------------------------------------------------------------------------

    def name(self) -> str:
        """Return the key."""
        return self.key

    def displayName(self) -> str:
        """Return the title."""
        return self.title()

    def shortHelpString(self) -> str:
        """Return the help shown next to the parameters."""
        return self.help()

    def helpUrl(self) -> str:
        """Return the URL of the help page."""
        return page("processing").toString()

    def icon(self) -> QIcon:
        """Return the plugin's icon."""
        return plugin_icon()

    def createInstance(self) -> Algorithm:
        """Create an instance for one run."""
        return type(self)()

    def initAlgorithm(self, _configuration: Mapping[str, object] | None = None) -> None:
        """Declare the parameters."""
        for parameter in self.declared():
            self.addParameter(parameter)

    def prepareAlgorithm(
        self, parameters: Mapping[str, object], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Read the parameters; an error is stored and raised in the run, where it reaches every caller."""
        self._refusal = ""
        self._values = Parameters(self, parameters, context, feedback, QgsProcessingUtils.generateTempFilename("run"))
        try:
            self._launch = _launch()
            self._requests = tuple(self.plan(self._values))
        except UserError as refusal:
            self._refusal = str(refusal)
        return True

    def processAlgorithm(
        self, _parameters: Mapping[str, object], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Mapping[str, object]:
        """Carry out the requests with a worker."""
        try:
            if self._refusal:
                raise QgsProcessingException(self._refusal)
            events = BlockingWorker(self._launch, feedback).carry_out(self._requests)
        finally:
            shutil.rmtree(self._values.folder, ignore_errors=True)
        self._values.running = context
        return self.results(events, self._values)


def _launch() -> Launch:
    settings = Settings()
    python = find_python(settings.python)
    if python is None:
        raise UserError(
            tr(
                "No Python with PyTorch was found. Choose one, or create an environment, in Settings > "
                "Options > Map Refiner."
            )
        )
    return Launch(str(python), settings.device)
