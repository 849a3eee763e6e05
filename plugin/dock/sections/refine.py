"""Refine section: single steps, back, Play, Run to End, and the choice of the visible layer."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QGridLayout, QMenu, QSlider, QSpinBox, QWidget

from ....models.shared.conventions import CHANGE, CHANGE_SINCE_COARSE, UNCERTAINTY
from ...catalogue.refiner_kinds import TRAINING_FREE_TEXTS
from ...catalogue.step_advice import hint
from ...icons import IconKeeper
from ...state import DockState, StepFacts, Task
from ...wording import percent
from ..widgets.compare import CompareRow
from ..widgets.identify import IdentifyBox
from ..widgets.model_combo import ModelCombo
from ..widgets.step_chart import StepChart
from .section import Section, allow, button, note, subtitle


class RefineSection(Section):
    """The third section: Refine."""

    step_requested = pyqtSignal()
    back_requested = pyqtSignal()
    play_toggled = pyqtSignal(bool)
    run_requested = pyqtSignal()
    step_chosen = pyqtSignal(int)
    filters_requested = pyqtSignal()
    animate_toggled = pyqtSignal(bool)  # only on user clicks
    view_requested = pyqtSignal(str)  # one of DERIVED_LAYERS
    kind_chosen = pyqtSignal(int)  # 0: class map; k: heat map of band k

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "refine", parent)
        self.setTitle(self.tr("Refine"))
        self.refiner = ModelCombo(tuple((kind.title(), kind.key) for kind in TRAINING_FREE_TEXTS))
        for kind in TRAINING_FREE_TEXTS:
            self.refiner.setItemData(self.refiner.findData(kind.key), kind.description(), Qt.ItemDataRole.ToolTipRole)
        self.refiner.choice_changed.connect(self.update_again)
        self.add_row(
            self.tr("Refiner"),
            self.refiner,
            self.tr(
                "The method of each step: a shipped refiner, one that you trained, one from a file, or "
                "one that needs no training."
            ),
        )
        self.about = subtitle(self.tr("Description of the refiner"))
        self.add_wide(self.about)
        self._add_buttons()
        self._add_slider()
        self.kind = QComboBox()
        self.kind.currentIndexChanged.connect(lambda index: index >= 0 and self.kind_chosen.emit(index))
        self.add_row(
            self.tr("Show"),
            self.kind,
            self.tr("The class map, or the heat map of one class: its score from 0 (dark) to 1 (bright)."),
        )
        self._no_filters = ""
        self.filters = button(
            self.tr("Show Filters…"),
            self.tr(
                "Show the learned kernels of the refiner, and their responses to the scores of the shown "
                "step and to the image."
            ),
        )
        self._filters_tip = self.filters.toolTip()
        self.filters.clicked.connect(self.filters_requested)
        self.compare = CompareRow()
        self.add_row(
            self.tr("Compare with"),
            self.compare,
            self.tr("The step to compare with the shown one."),
        )
        self.add_wide(self.compare.buttons)
        self._add_views()
        self.add_wide(self.views, self.filters)
        self.animate = button(
            self.tr("Animate"),
            self.tr(
                "Play the steps with QGIS's Temporal Controller, which also exports animations. Click again to stop."
            ),
        )
        self.animate.setCheckable(True)
        self.animate.clicked.connect(self.animate_toggled)
        self.identify = IdentifyBox()
        self.add_wide(self.identify.identify, self.animate)
        self.add_wide(self.identify)
        self.facts = note(self.tr("The shown step"))
        self.add_wide(self.facts)
        self.chart = StepChart()
        self.chart.setAccessibleName(self.tr("Accuracy at each step"))
        self.add_wide(self.chart)
        self.history = note(self.tr("All steps"))
        self.history.setTextFormat(Qt.TextFormat.RichText)
        self.add_wide(self.history)

    def _add_buttons(self) -> None:
        self.back = button(
            self.tr("Step Back"), self.tr("Show the previous step. Nothing is computed or lost."), "step_back"
        )
        self.back.clicked.connect(self.back_requested)
        self.step = button(
            self.tr("Step"),
            self.tr("Refine the shown map once. Later steps are recomputed."),
            "step",
        )
        self.step.clicked.connect(self.step_requested)
        self.play = button(self.tr("Play"), "")
        self._play_icon = IconKeeper(self.play, "play")
        self.play.setCheckable(True)
        self.play.clicked.connect(self.play_toggled)
        self.run = button(
            self.tr("Run to End"),
            self.tr("Refine up to the end step, then show the last step."),
            "run_to_end",
        )
        self.run.clicked.connect(self.run_requested)
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        for place, each in enumerate((self.back, self.step, self.play, self.run)):
            grid.addWidget(each, place // 2, place % 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.add_wide(box)
        self.end = QSpinBox()
        self.end.setRange(1, 99)
        self.end_is_chosen = False  # True once the user has chosen; stays True
        self.end.valueChanged.connect(self._on_end_changed)
        self.add_row(
            self.tr("End at step"),
            self.end,
            self.tr("The last step of Play and Run to End. Refiners are trained for about five steps."),
        )

    def _add_views(self) -> None:
        self.views = button(
            self.tr("More Layers"),
            self.tr("Add a layer of the shown step: its uncertainty, or its changes."),
        )
        menu = QMenu(self.views)
        for text, view in (
            (self.tr("Uncertainty"), UNCERTAINTY),
            (self.tr("Change Since the Last Step"), CHANGE),
            (self.tr("Change Since the Coarse Map"), CHANGE_SINCE_COARSE),
        ):
            menu.addAction(text).triggered.connect(lambda _, view=view: self.view_requested.emit(view))
        self.views.setMenu(menu)

    def _on_end_changed(self) -> None:
        self.end_is_chosen = True
        self.update_again()

    def propose_end(self, step: int) -> None:
        """Set the last step of Play and Run to End, unless the user has set it."""
        if not self.end_is_chosen:
            self.end.setValue(step)
            self.end_is_chosen = False

    def choose_kind(self, kind: int) -> None:
        """Choose the visible layer of each step: 0 the class map, k the heat map of band k."""
        self.kind.setCurrentIndex(kind)

    def set_animating(self, is_animating: bool) -> None:
        """Show whether the steps play in the Temporal Controller."""
        self.animate.setChecked(is_animating)

    def set_description(self, text: str) -> None:
        """Show the description of the chosen refiner."""
        self.about.setText(text)
        self.about.setVisible(bool(text))

    def set_no_filters(self, reason: str) -> None:
        """Set why the chosen refiner has no filters to show; an empty text means that it has some."""
        self._no_filters = reason
        self.filters.setToolTip(reason or self._filters_tip)
        self.filters.setAccessibleDescription(self.filters.toolTip())
        self.update_again()

    def _add_slider(self) -> None:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(1)
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self.step_chosen)
        self.add_row(_step(), self.slider, self.tr("Slide through the steps; nothing is computed or lost."))

    def update_widgets(self, state: DockState) -> None:
        """Update every widget that depends on the steps."""
        stepping = state.task is Task.STEP
        can_step = state.is_free and state.shown >= 0 and bool(self.refiner.choice())
        reason = self.why_not(state) or ("" if can_step else self.tr("Choose a refiner first."))
        allow(self.step, reason)
        at_end = (
            ""
            if state.shown < self.end.value()
            else self.tr("The end step has been reached. Choose a later one to continue.")
        )
        allow(self.run, reason or at_end)
        self.back.setEnabled(state.position > -len(state.levels) and state.shown >= 0 and not stepping)
        self.play.setEnabled(state.playing or (can_step and state.shown < self.end.value()))
        self._show_play(state.playing)
        self.refiner.setEnabled(state.task is Task.NONE and not state.playing)
        self.compare.set_state(state)
        self.identify.set_state(state)
        self.animate.setEnabled(state.last + len(state.levels) > 0 or self.animate.isChecked())
        self.views.setEnabled(state.is_free and state.shown >= 0)
        self.filters.setEnabled(can_step and not self._no_filters)
        self._fill_kinds(state.classes)
        self._fill_slider(state)
        self.facts.setText(self._sentence(state))
        self.history.setText(self._table(state))
        self.history.setVisible(state.last > 0)
        self.chart.set_state(state)
        self.chart.setVisible(bool(self.chart.series))

    def _show_play(self, playing: bool) -> None:
        self.play.setChecked(playing)
        text = self.tr("Pause") if playing else self.tr("Play")
        if text != self.play.text() or not self.play.toolTip():
            self.play.setText(text)
            self.play.setAccessibleName(text)
            self.play.setToolTip(
                self.tr("Stop after the running step.")
                if playing
                else self.tr("Refine step by step up to the end step, and show each step.")
            )
            self._play_icon.set_name("pause" if playing else "play")

    def _fill_kinds(self, classes: tuple[str, ...]) -> None:
        wanted = [self.tr("Classes"), *(self.tr("Heat Map of {}").format(name) for name in classes)]
        if wanted != [self.kind.itemText(index) for index in range(self.kind.count())]:
            chosen = max(0, self.kind.currentIndex())
            self.kind.blockSignals(True)
            self.kind.clear()
            self.kind.addItems(wanted)
            self.kind.setCurrentIndex(chosen if chosen < len(wanted) else 0)
            self.kind.blockSignals(False)
        self.kind.setEnabled(bool(classes))

    def _fill_slider(self, state: DockState) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(-len(state.levels), max(0, state.last))
        self.slider.setValue(state.position if state.shown >= 0 else 0)
        self.slider.blockSignals(False)
        self.slider.setEnabled((state.last > 0 or bool(state.levels)) and state.task is not Task.STEP)

    def _sentence(self, state: DockState) -> str:
        if state.shown < 0:
            return self.tr("Make a coarse map first.")
        if state.level:
            return self.tr("Coarse {} · lower resolution, for viewing only").format(state.levels[state.level])
        if not self.refiner.choice():
            return self.tr("There is no refiner yet. Load one, or train one below.")
        facts = state.steps[state.shown]
        if facts.changed is None:
            return self.tr("Step {} · the coarse map").format(facts.index)
        text = self.tr("Step {} · {} of pixels changed").format(facts.index, percent(facts.changed))
        advice = hint(state.steps, state.shown)
        return f"{text}\n{advice}" if advice else text

    def _table(self, state: DockState) -> str:
        measured = any(facts.accuracy is not None for facts in state.steps)
        heads = [_step(), self.tr("Changed")]
        if measured:
            heads += [self.tr("Mean IoU"), self.tr("Boundary IoU")]
        rows = ["".join(f'<th align="right">{head}&nbsp;&nbsp;</th>' for head in heads)]
        rows += [_row(facts, measured, facts.index == state.shown) for facts in state.steps]
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _step() -> str:
    """Return the translated noun “Step”; on the button the word is a verb."""
    return QCoreApplication.translate("MapRefiner", "Step")


def _row(facts: StepFacts, measured: bool, shown: bool) -> str:
    cells = [str(facts.index), "-" if facts.changed is None else percent(facts.changed)]
    if measured:
        accuracy = facts.accuracy
        figures = (None, None) if accuracy is None else (accuracy.mean_iou, accuracy.mean_boundary_iou)
        cells += ["-" if figure is None else f"{figure:.3f}" for figure in figures]
    mark = ("<b>", "</b>") if shown else ("", "")
    return "".join(
        f'<td align="right" style="white-space:nowrap">{mark[0]}{cell}{mark[1]}&nbsp;&nbsp;</td>' for cell in cells
    )
