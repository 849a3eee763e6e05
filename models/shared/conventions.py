"""Names that files and messages share: class names, the class field, tags, derived layers and shipped weights."""

from __future__ import annotations

from .paths import RESOURCES

CLASS_FIELD = "class"  # field of label and correction layers, and of exported polygons
BACKGROUND = "background"  # the usual name of the first class
TILE_CLASS = "tile"  # the outline of a labelled area; unlabelled pixels inside it are background
IGNORE_CLASS = "ignore"  # excluded from training and evaluation
UNSURE_CLASS = "unsure"  # a correction that removes earlier ones
CLASSES_TAG = "CLASSES"  # tag of class rasters: the names, separated by commas

UNCERTAINTY, CHANGE, CHANGE_SINCE_COARSE = DERIVED_LAYERS = ("uncertainty", "change", "change since coarse")

WEIGHTS_FOLDER = RESOURCES / "weights"
WEIGHTS_PATTERN = "{role}*.safetensors"  # file names of shipped weights; the role is "coarse" or "refiner"
SHIPPED = "shipped"  # instead of a path: the shipped weights, if they fit
