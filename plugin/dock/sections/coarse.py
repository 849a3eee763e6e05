"""Coarse Map section: the source of step 0."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayer, QgsMapLayerProxyModel, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsDoubleSpinBox, QgsFileWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QSpinBox, QWidget

from ....models.shared.band_text import MANY_BANDS
from ....models.shared.model_kinds import COARSE_KINDS, DEFAULT_COARSE_KIND, CoarseKind
from ...catalogue.coarse_kinds import COARSE_KIND_TEXTS
from ...catalogue.weights import weights_bands, weights_kind
from ...state import DockState, Task
from ..widgets.model_combo import ModelCombo
from ..widgets.spectra import Spectra
from .section import Section, button, note, side_by_side, subtitle

VECTORS_KEY = "vectors"
SCORES_KEY = "scores"
USUAL_SAMPLES = 1000  # pixels per class
OF_SPECTRA = "cnn-1d"  # default kind for many bands: fast, and needs no extra files


class CoarseSection(Section):
    """The second section: Coarse Map."""

    classify_requested = pyqtSignal(str, bool)  # weights file; whether to use several scales
    scores_requested = pyqtSignal(object)  # QgsRasterLayer
    train_requested = pyqtSignal()
    stop_requested = pyqtSignal()
    spectra_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "coarse", parent)
        self.setTitle(self.tr("Coarse Map"))
        self._add_source()
        self._add_kind()
        self._add_vectors()
        self._add_scores()
        self._add_buttons()

    def _add_source(self) -> None:
        others = ((self.tr("Train From Vectors"), VECTORS_KEY), (self.tr("Existing Score Raster"), SCORES_KEY))
        self.source = ModelCombo(others)
        self.source.choice_changed.connect(self.update_again)
        self.add_row(
            self.tr("Source"),
            self.source,
            self.tr(
                "The source of the coarse map: a trained model, a model trained here from vector layers, "
                "or an existing score raster."
            ),
        )

    def _add_kind(self) -> None:
        self.kind = QComboBox()
        for kind in COARSE_KIND_TEXTS:
            self.kind.addItem(kind.title(), kind.key)
            self.kind.setItemData(self.kind.count() - 1, kind.description(), Qt.ItemDataRole.ToolTipRole)
        self.add_row(
            self.tr("Kind"),
            self.kind,
            self.tr(
                "The kind of model to train. Spectral models classify each pixel on its own and suit "
                "images with many bands."
            ),
        )
        self.about = subtitle(self.tr("Description of the model kind"))
        self.add_wide(self.about)
        self.labels = _layer_combo(QgsMapLayerProxyModel.Filter.VectorLayer)
        self.labels.layerChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Labels"),
            self.labels,
            self.tr(
                "Polygons or points with a text field “class”, with any number of classes. Unlabelled "
                "pixels are ignored. Draw several features per class: whole features are held out for "
                "evaluation."
            ),
        )
        self.samples = QSpinBox()
        self.samples.setRange(10, 100_000)
        self.samples.setValue(USUAL_SAMPLES)
        self.samples.setSingleStep(100)
        self.add_row(
            self.tr("Pixels per class"),
            self.samples,
            self.tr("The maximum number of training pixels per class, sampled at random from the labels."),
        )
        self.backbone = QgsFileWidget()
        self.backbone.setFilter(self.tr("Weights (*.safetensors)"))
        self.add_row(
            self.tr("VGG-16 weights"),
            self.backbone,
            self.tr(
                "A safetensors file of pretrained VGG-16 weights with torchvision's parameter names. Without "
                "it, the network trains from scratch and needs far more labels and time."
            ),
        )
        self._kind_is_chosen = False  # True once the user has chosen; stays True
        self._model_before = ""  # deselected model that does not fit the scene's bands
        self.kind.activated.connect(self._on_kind_activated)
        self.kind.currentIndexChanged.connect(self._on_kind_chosen)
        self.about.setText(COARSE_KIND_TEXTS[0].description())

    def _on_kind_activated(self) -> None:
        self._kind_is_chosen = True

    def propose(self, bands: int) -> None:
        """Select a source and a model kind that work with `bands` bands."""
        if not self._kind_is_chosen:
            wanted = OF_SPECTRA if bands > MANY_BANDS else DEFAULT_COARSE_KIND
            self.kind.setCurrentIndex(self.kind.findData(wanted))
        if self._model_before and self.source.key() == VECTORS_KEY and _fits(self._model_before, bands):
            self.source.choose(self._model_before)
            self._model_before = ""
        if self.source.path() and not _fits(self.source.path(), bands):
            self._model_before = self.source.path()
            self.source.choose_key(VECTORS_KEY)

    def _on_kind_chosen(self, index: int) -> None:
        self.about.setText(COARSE_KIND_TEXTS[index].description())
        self.update_again()

    def chosen_kind(self) -> CoarseKind:
        """Return the model kind to train."""
        return COARSE_KIND_TEXTS[max(0, self.kind.currentIndex())].kind

    def _add_vectors(self) -> None:
        self.buildings = _layer_combo(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.buildings.layerChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Buildings"),
            self.buildings,
            self.tr("Building polygons. They may be shifted and incomplete, as in OpenStreetMap."),
        )
        self.roads = _layer_combo(QgsMapLayerProxyModel.Filter.LineLayer)
        self.roads.layerChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Roads"), self.roads, self.tr("Centre lines of roads. They are buffered to the road width.")
        )
        self.road_width = QgsDoubleSpinBox()
        self.road_width.setRange(0.5, 100.0)
        self.road_width.setDecimals(1)
        self.road_width.setSuffix(self.tr(" m"))
        self.add_row(self.tr("Road width"), self.road_width, self.tr("The width of the roads on the ground."))

    def _add_scores(self) -> None:
        self.scores = _layer_combo(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.scores.layerChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Scores"),
            self.scores,
            self.tr("A raster with one band per class, background first: scores, probabilities or percentages."),
        )

    def _add_buttons(self) -> None:
        self.classify = button(self.tr("Classify"), self.tr("Make the coarse map (step 0) with the chosen model."))
        self.classify.clicked.connect(self._on_classify_clicked)
        self.scales = QCheckBox(self.tr("Several scales"))
        self.scales.setToolTip(
            self.tr(
                "Also classify the image at 0.6 and 0.8 of its size, and keep the largest probability of "
                "each class, as the authors of LRR do. This takes about three times as long."
            )
        )
        self.scales.setAccessibleDescription(self.scales.toolTip())
        self.use_scores = button(self.tr("Use Scores"), self.tr("Use the chosen raster as the coarse map (step 0)."))
        self.use_scores.clicked.connect(lambda: self.scores_requested.emit(self.scores.currentLayer()))
        self.train = button(
            self.tr("Train"),
            self.tr("Train a coarse model on the vector layers within the scene. This takes a few minutes."),
        )
        self.train.clicked.connect(self.train_requested)
        self.stop = button(self.tr("Stop"), self.tr("Stop the training now and keep the best weights."))
        self.stop.clicked.connect(self.stop_requested)
        self.add_wide(self.scales)
        self.add_wide(self.classify)
        self.add_wide(self.use_scores)
        self.training = side_by_side(self.train, self.stop)
        self.add_wide(self.training)
        self.progress = note(self.tr("Training progress"))
        self.add_wide(self.progress)
        self.spectra = button(
            self.tr("Show Spectra"),
            self.tr("Plot the mean spectrum of each labelled class and its standard deviation."),
        )
        self.spectra.clicked.connect(self.spectra_requested)
        self.add_wide(self.spectra)
        self.curves = Spectra()
        self.add_wide(self.curves)

    def _on_classify_clicked(self) -> None:
        self.classify_requested.emit(self.source.path(), not self.scales.isHidden() and self.scales.isChecked())

    def label_layer(self) -> QgsVectorLayer | None:
        """Return the layer of labels that define their own classes."""
        return _current(self.labels, QgsVectorLayer)

    def building_layer(self) -> QgsVectorLayer | None:
        """Return the layer of building polygons."""
        return _current(self.buildings, QgsVectorLayer)

    def road_layer(self) -> QgsVectorLayer | None:
        """Return the layer of road lines."""
        return _current(self.roads, QgsVectorLayer)

    def set_road_width(self, metres: float) -> None:
        """Fill in the width of roads on the ground."""
        self.road_width.setValue(metres)

    def set_hidden_layers(self, layers: list[QgsRasterLayer]) -> None:
        """Leave layers out of the list of score rasters."""
        self.scores.setExceptedLayerList(layers)

    def set_progress(self, text: str) -> None:
        """Show the progress of the training."""
        self.progress.setText(text)
        self.progress.setVisible(bool(text) and self.source.key() == VECTORS_KEY)

    def update_widgets(self, state: DockState) -> None:
        """Show the widgets of the chosen source."""
        key, path = self.source.key(), self.source.path()
        self.show_row(self.kind, key == VECTORS_KEY)
        self.about.setVisible(key == VECTORS_KEY)
        is_spectral = self.chosen_kind().is_spectral
        self.show_row(self.labels, key == VECTORS_KEY)
        self.show_row(self.samples, key == VECTORS_KEY and is_spectral)
        self.show_row(self.backbone, key == VECTORS_KEY and self.chosen_kind().has_backbone)
        for field in (self.buildings, self.roads, self.road_width):
            self.show_row(field, key == VECTORS_KEY and self.label_layer() is None)
        self.spectra.setVisible(key == VECTORS_KEY and is_spectral)
        self.curves.setVisible(key == VECTORS_KEY and is_spectral and self.curves.has_any)
        self.show_row(self.scores, key == SCORES_KEY)
        self.classify.setVisible(key not in (VECTORS_KEY, SCORES_KEY))
        chosen = COARSE_KINDS.get(weights_kind(Path(path))) if path else None
        self.scales.setVisible(chosen is not None and chosen.has_scales)
        self.use_scores.setVisible(key == SCORES_KEY)
        self.training.setVisible(key == VECTORS_KEY)
        self.progress.setVisible(key == VECTORS_KEY and bool(self.progress.text()))
        self.source.setEnabled(state.task is Task.NONE)
        self.classify.setEnabled(state.is_free and bool(path))
        self.use_scores.setEnabled(state.is_free and _current(self.scores, QgsRasterLayer) is not None)
        has_vectors = any((self.label_layer(), self.building_layer(), self.road_layer()))
        self.spectra.setEnabled(state.is_free and self.label_layer() is not None)
        self.train.setEnabled(state.is_free and has_vectors)
        self.stop.setEnabled(state.task is Task.TRAIN_COARSE)


def _fits(model: str, bands: int) -> bool:
    return weights_bands(Path(model)) in (None, bands)


def _layer_combo(filters: QgsMapLayerProxyModel.Filter) -> QgsMapLayerComboBox:
    combo = QgsMapLayerComboBox()
    combo.setFilters(filters)
    combo.setAllowEmptyLayer(True)
    combo.setCurrentIndex(0)
    return combo


def _current(combo: QgsMapLayerComboBox, kind: type) -> QgsMapLayer | None:
    layer = combo.currentLayer()
    return layer if isinstance(layer, kind) else None
