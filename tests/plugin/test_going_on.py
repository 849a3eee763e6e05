"""Teaching the chosen refiner on, where it is of the kind that is taught."""

from pathlib import Path

from map_refiner.plugin.weights import _card, shipped


def test_goes_on_from_the_chosen_refiner_unless_told_not_to(stepper, label_layer, draw_tile, wait_until):
    (known,) = shipped("refiner")
    dock, teach = stepper.dock, stepper.dock.teach
    teach.kind.setCurrentIndex(teach.kind.findData("extended"))
    dock.refine.refiner.add_file(known.title, known.path)
    draw_tile(label_layer, 0, 170)
    teach.labels.setLayer(label_layer)
    stepper.click(teach.go_on)
    assert teach.begin() == ""
    stepper.click(teach.go_on)
    stepper.click(teach.train)
    wait_until(lambda: teach.curve.points, 120, "a first judgement")
    stepper.click(teach.stop)
    stepper.wait()
    (taught,) = (path for _, path in dock.refine.refiner.files() if Path(path).parent == Path(stepper.run.folder))
    assert _card(Path(taught))["trained_on"].startswith("Banepa")


def test_a_refiner_of_another_kind_is_not_gone_on_from(stepper, refiner_file):
    dock = stepper.dock
    dock.refine.refiner.choose(refiner_file)
    dock.teach.kind.setCurrentIndex(dock.teach.kind.findData("extended"))
    assert not dock.teach.go_on.isEnabled()
    assert dock.teach.begin() == ""
    dock.teach.kind.setCurrentIndex(dock.teach.kind.findData("faithful"))
    assert dock.teach.begin() == str(refiner_file)
