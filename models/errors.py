"""What can go wrong that the analyst can mend: each message says what was found and what is needed."""


class RefinerError(Exception):
    """An error whose text is for the analyst."""


class RasterError(RefinerError):
    """A raster that cannot be read, or does not fit the others."""


class LabelError(RefinerError):
    """Labels that cannot teach: none, outside the scene, of one class alone."""


class CheckpointError(RefinerError):
    """A file of weights that is damaged, or of another model."""


class OutputError(RefinerError):
    """A result that cannot be written."""


class Interrupted(RefinerError):  # noqa: N818  (not an error of anybody's making)
    """The run was cancelled; what it had finished stays."""
