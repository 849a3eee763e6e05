"""What the plugin says no to, in a sentence for the analyst."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  (a refusal is no error of the program)
    """Carry a sentence that names what was found and what is needed."""


class GivenUp(Exception):  # noqa: N818
    """End what the analyst has cancelled, of whom there is nothing to say that they do not know."""
