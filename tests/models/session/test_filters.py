"""The filters of a refiner and their responses to a scene."""

import numpy as np
import pytest
import rasterio
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.arrays.grid import Window
from map_refiner.models.errors import Interrupted, RefinerError
from map_refiner.models.io.raster_writer import NODATA
from map_refiner.models.refine.extended import LOG_PROBABILITY_FLOOR, LOG_PROBABILITY_SCALE, ExtendedRefiner
from map_refiner.models.refine.refiner import pad
from map_refiner.models.refine.rnn import ClassAgnosticRNN, RefinementRNN, UnsharedRNN
from map_refiner.models.scene.scene import Scene
from map_refiner.models.session import filters
from map_refiner.models.session.filters import FilterRequest, choose_filters, filters_of, write_filter_responses
from map_refiner.models.session.session import Session
from map_refiner.models.weights.checkpoint import ModelCard, save_model

ALL = tuple(range(32))


def ignore(_):
    return None


@pytest.fixture
def session(town, tmp_path, refiner_path):
    session = Session(Scene(town.image_path), tmp_path, torch.device("cpu"))
    session.load_scores(town.scores_path, ignore)
    session.load_refiner(refiner_path)
    yield session
    session.close()


def shown(session, path, k=1, scores=None, image=None, step=0):
    event = write_filter_responses(session, FilterRequest(step, k, str(path), scores, image), ignore)
    with rasterio.open(path) as source:
        return event, source.read(), source.descriptions


def test_a_step_follows_from_the_filter_responses(session, tmp_path):
    """The paper's equations, applied to the responses of all filters, give the refiner's step."""
    k = 2
    _, answers, names = shown(session, tmp_path / "f.tif", k, ALL, ALL)
    assert names[:2] == ("M 1 on road", "M 2 on road")
    assert names[32:34] == ("N 1", "N 2")
    refiner = session.refiner
    phi = torch.from_numpy(answers).flatten(1)
    hidden = (refiner.hidden[k] @ phi + refiner.hidden_bias[k][:, None]).relu()
    update = (refiner.out[k] @ hidden + refiner.out_bias[k]).detach().numpy().reshape(answers.shape[1:])
    list(session.step(0, 1, ignore))
    before, after = (session.maps(n, Window(0, 0, 96, 120)).scores[k] for n in (0, 1))
    assert np.abs(update).max() > 0.1
    assert np.allclose(before + update, after, atol=1e-4)


@pytest.mark.parametrize("kind", ["faithful", "extended"])
def test_tiled_responses_match_the_whole_scene(session, tmp_path, monkeypatch, kind):
    if kind == "extended":
        session.use_refiner(ExtendedRefiner(3, 3), kind, session.classes)
    _, whole, _ = shown(session, tmp_path / "whole.tif")
    for size in (41, 95):  # 95 leaves a last row of one pixel
        monkeypatch.setattr(filters, "TILE_PX", size)
        _, tiled, _ = shown(session, tmp_path / f"{size}.tif")
        assert np.allclose(tiled, whole, atol=1e-5)


def test_the_event_describes_the_file_and_all_kernels(session, tmp_path):
    event, answers, names = shown(session, tmp_path / "f.tif", scores=(7, 3), image=())
    assert event.names == names == ("M 4 on building", "M 8 on building")
    assert (event.score_filters, event.image_filters) == ((3, 7), ())
    assert (event.score_size, event.image_size, event.bands) == (5, 5, 3)
    assert np.allclose(event.score_kernels, session.refiner.score_filters.detach(), atol=1e-5)
    assert np.allclose(event.image_kernels, session.refiner.image_filters.detach(), atol=1e-5)
    for limit, band in zip(event.limits, answers, strict=True):
        assert 0.95 < (np.abs(band) <= limit).mean() < 0.999


def test_the_range_of_a_large_scene_is_estimated_from_a_sample(session, tmp_path, monkeypatch):
    whole, _, _ = shown(session, tmp_path / "f.tif")
    monkeypatch.setattr(filters, "TILE_PX", 40)
    monkeypatch.setattr(filters, "SAMPLED_PIXELS", 1300)  # a ninth of the pixels
    sizes, percentile = [], np.percentile

    def spy(values, *rest, **more):
        sizes.append(values.size)
        return percentile(values, *rest, **more)

    monkeypatch.setattr(np, "percentile", spy)
    sampled, _, _ = shown(session, tmp_path / "g.tif")
    assert sizes[0] < 2 * 1300 * 8
    assert np.allclose(sampled.limits, whole.limits, rtol=0.2)


def test_a_cancelled_request_leaves_no_file(session, tmp_path):
    def give_up(_):
        raise Interrupted("Cancelled.")

    before = set(tmp_path.iterdir())
    with pytest.raises(Interrupted):
        write_filter_responses(session, FilterRequest(0, 1, str(tmp_path / "f.tif")), give_up)
    assert set(tmp_path.iterdir()) == before


def test_nodata_is_kept_in_the_responses(town, raster, tmp_path, refiner_path):
    with rasterio.open(town.image_path) as source:
        image = source.read()
    image[:, :20] = 0
    session = Session(Scene(raster("i.tif", image, nodata=0)), tmp_path, torch.device("cpu"))
    session.load_scores(town.scores_path, ignore)
    session.load_refiner(refiner_path)
    _, answers, _ = shown(session, tmp_path / "f.tif")
    session.close()
    assert (answers[:, :20] == NODATA).all()
    assert (answers[:, 20:] != NODATA).all()


def test_the_most_important_filters_are_chosen(refiner):
    made = refiner(3, 3)
    with torch.no_grad():
        made.hidden[1, :, [2, 9, 20, 31, 32 + 5]] *= 1000
        made.hidden[0, :, 4] *= 1000  # for another class
    chosen = choose_filters(made, 0, 1, None, None)
    assert chosen.scores == (2, 9, 20, 31)
    assert 5 in chosen.image
    assert len(chosen.image) == 4
    assert 4 in choose_filters(made, 0, 0, None, None).scores


def test_filters_are_read_from_shared_and_unshared_refiners():
    shared, unshared = ClassAgnosticRNN(3, 2), UnsharedRNN(3, 2)
    assert filters_of(shared, 0, 2).image.shape == (32, 2, 5, 5)
    assert torch.equal(filters_of(shared, 0, 0).scores_count, filters_of(shared, 0, 2).scores_count)
    for index, net in ((0, 0), (3, 3), (9, 4)):
        wanted = unshared.nets[net].score_filters.view(32, 5, 5)
        assert torch.equal(filters_of(unshared, index, 0).scores, wanted)


def test_extended_responses_are_the_sum_of_near_and_far_filters(session, tmp_path):
    torch.manual_seed(0)
    refiner, k = ExtendedRefiner(3, 3), 1
    torch.nn.init.normal_(refiner.out.weight)
    session.use_refiner(refiner, "extended", session.classes)
    event, answers, _ = shown(session, tmp_path / "f.tif", k, ALL, (0, 15))
    assert (event.score_size, event.image_size, len(event.image_kernels)) == (7, 3, len(refiner.trunk[0].weight))
    whole = Window(0, 0, 96, 120)
    logits = torch.from_numpy(session.maps(0, whole).scores)
    state = torch.zeros(refiner.channels, 96, 120)
    state[k] = (torch.log_softmax(logits, 0).clamp_min(LOG_PROBABILITY_FLOOR) / LOG_PROBABILITY_SCALE)[k]
    padded = pad(state, 3, WHOLE)
    with torch.no_grad():
        hidden = refiner.near(padded[:, 2:-2, 2:-2]) + refiner.far(padded)
        image = pad(torch.from_numpy(session.scene.read(whole)[0]), 1, WHOLE)
        first = torch.nn.functional.conv2d(image, refiner.trunk[0].weight[:, :3])
    assert np.allclose(answers[:32], hidden, atol=1e-4)
    assert np.allclose(answers[32:], first[[0, 15]], atol=1e-4)
    event, _, _ = shown(session, tmp_path / "g.tif", k)
    assert len(event.score_filters) == len(event.image_filters) == 4


def test_the_filters_of_the_next_step_are_shown(session, tmp_path):
    torch.manual_seed(0)
    unshared = UnsharedRNN(3, 3)
    for net in unshared.nets:
        torch.nn.init.zeros_(net.out)
    path = str(tmp_path / "unshared.safetensors")  # from a file, as an analyst loads it
    save_model(path, unshared, ModelCard("unshared", session.classes, 3, 0.5, 5))
    session.load_refiner(path)
    list(session.step(0, 2, ignore))
    event, _, _ = shown(session, tmp_path / "f.tif", step=2)
    assert np.allclose(event.score_kernels, unshared.nets[2].score_filters.detach(), atol=1e-5)
    event, _, _ = shown(session, tmp_path / "g.tif", step=0)
    assert np.allclose(event.score_kernels, unshared.nets[0].score_filters.detach(), atol=1e-5)


def test_image_kernels_are_limited_to_the_first_bands(tmp_path):
    many = filters_of(RefinementRNN(2, 9), 0, 0).image
    assert many.shape[1] == 9
    assert len(filters._kernels(many[:, : filters.MOST_KERNEL_BANDS])[0]) == 4 * 25


def test_invalid_filter_requests_are_refused(session, tmp_path):
    class Heat:
        kind = "heat"

    with pytest.raises(RefinerError, match="'heat' has no learned filters"):
        choose_filters(Heat(), 0, 0, None, None)
    with pytest.raises(RefinerError, match="no refiner yet"):
        choose_filters(None, 0, 0, None, None)
    path = tmp_path / "f.tif"
    for k, scores, image, says in (
        (3, None, None, "no class 3; the last one is 2"),
        (1, (32,), None, "no filter M 33; the last one is 32"),
        (1, None, (-1,), "no filter N 0"),
        (1, (), (), "No filter is chosen"),
    ):
        with pytest.raises(RefinerError, match=says):
            shown(session, path, k, scores, image)
    assert not path.exists()
