"""The Triton kernel for CUDA, run in Triton's interpreter: exact, or with a bounded error at reduced precision.

Modules that this file covers: models/refine/triton_kernel.py.
"""

import os

import pytest

os.environ["TRITON_INTERPRET"] = "1"  # must be set before Triton is first imported
pytest.importorskip("triton", reason="the kernel needs Triton, which PyTorch for CPUs does not bring")

import torch
from map_refiner.models.arrays.borders import WHOLE, Borders
from map_refiner.models.refine import rnn, triton_step
from map_refiner.models.refine.refiner import pad
from map_refiner.models.refine.rnn import ClassAgnosticRNN


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch):
    triton_step.is_available.cache_clear()
    yield
    triton_step.is_available.cache_clear()


def scene(net, rows, columns):
    generator = torch.Generator().manual_seed(rows)
    scores = 2 * torch.randn(net.classes, rows, columns, generator=generator)
    return scores, torch.randn(net.bands, rows, columns, generator=generator)


def by_kernel(net, scores, image, borders, reduced=False):
    with torch.inference_mode():
        padded, seen = pad(scores, 2, borders), pad(image, 2, borders)
        parts = net.fused(), net.image_filters, net.hidden_bias, net.out, net.out_bias
        return triton_step.refined(padded, seen, *parts, reduced=reduced)


def relative(found, wanted):
    return float((found - wanted).abs().max() / wanted.abs().max())


@pytest.mark.parametrize(
    ("size", "classes", "bands", "borders"),
    [
        ((9, 70), 3, 3, WHOLE),
        ((6, 33), 2, 1, Borders(True, False, False, True)),
        ((5, 5), 4, 8, Borders(False, False, False, False)),
    ],
)
def test_the_kernel_equals_the_papers_form(refiner, size, classes, bands, borders):
    net = refiner(classes, bands, seed=classes)
    scores, image = scene(net, *size)
    with torch.no_grad():
        wanted = net.plain_step(scores, image, borders)
    found = by_kernel(net, scores, image, borders)
    assert found.shape == wanted.shape
    assert relative(found, wanted) < 1e-5


def test_the_kernel_equals_the_plain_form_with_shared_weights():
    torch.manual_seed(0)
    net = ClassAgnosticRNN(3, 3).eval()
    scores, image = scene(net, 7, 40)
    with torch.no_grad():
        assert relative(by_kernel(net, scores, image, WHOLE), net.plain_step(scores, image, WHOLE)) < 1e-5


def test_five_steps_are_exact_and_reduced_precision_errs_below_two_percent(refiner):
    net = refiner(3, 3, seed=2)
    scores, image = scene(net, 12, 36)
    plain = exact = reduced = scores
    for _ in range(5):
        with torch.no_grad():
            plain = net.plain_step(plain, image, WHOLE)
        exact = by_kernel(net, exact, image, WHOLE)
        reduced = by_kernel(net, reduced, image, WHOLE, reduced=True)
    assert relative(exact, plain) < 1e-5
    error = float((reduced - plain).abs().mean() / (plain - scores).abs().mean())
    assert 1e-4 < error < 0.02  # precision is really reduced, and the error bounded
    assert float((reduced.argmax(0) == plain.argmax(0)).float().mean()) > 0.98


def test_a_refiner_step_uses_the_kernel_if_supported(refiner, monkeypatch):
    net = refiner()
    scores, image = scene(net, 8, 40)
    with torch.inference_mode():
        in_torch = net.step(scores, net.prepare(image, scores, WHOLE), WHOLE, 0)
        monkeypatch.setattr(rnn, "supports", lambda maps: True)
        prepared = net.prepare(image, scores, WHOLE)
        by_it = net.step(scores, prepared, WHOLE, 0)
    assert prepared.shape == (3, 12, 44)  # the image itself: no 32-channel image term is stored
    assert relative(by_it, in_torch) < 1e-5
