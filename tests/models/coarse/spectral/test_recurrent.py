"""Equations and weight counts of the recurrent networks.

Modules that this file covers: models/coarse/spectral/samples.py, models/coarse/spectral/train_spectra.py.
"""

import numpy as np
import pytest
import torch
from map_refiner.models.coarse.spectral.recurrent import LSTM, GRUPRetanh, GRUReLU, GRUSharedPRetanh, GRUTanh
from map_refiner.models.coarse.spectral.samples import SpectralSamples
from map_refiner.models.coarse.spectral.train_spectra import train_spectra
from map_refiner.models.coarse.train_patches import TrainingOptions


def count(net, *without):
    return sum(weight.numel() for name, weight in net.named_parameters() if not name.startswith(without))


def test_the_weight_counts_match_the_paper():
    gru, lstm = GRUPRetanh(9, 103), LSTM(9, 103)
    assert count(gru, "out.", "norm.", "activation.") == 12_672
    assert count(gru.activation) == 64
    assert count(GRUSharedPRetanh(9, 103).activation) == 1
    assert count(gru.norm) == 128
    assert count(lstm, "out.", "peepholes") == 16_896
    assert lstm.peepholes.numel() == 192
    assert 1 - 12_672 / 16_896 == 0.25


@pytest.mark.parametrize("kind", [GRUPRetanh, GRUSharedPRetanh, GRUTanh, GRUReLU])
def test_the_gru_follows_its_equations(kind):
    torch.manual_seed(0)
    net = kind(3, 4).double().eval()
    net.norm.mean.normal_()
    net.norm.variance.uniform_(0.5, 2)
    spectra = torch.randn(6, 4, dtype=torch.float64)
    state = torch.zeros(6, 64, dtype=torch.float64)
    bend = {
        GRUTanh: torch.tanh,
        GRUReLU: torch.relu,
    }.get(kind, lambda h: h.tanh().clamp(min=0) + net.activation.slope * h.tanh().clamp(max=0))
    with torch.no_grad():
        for band in range(4):
            value = spectra[:, band : band + 1]
            gates = net.gates_in(value) + net.gates(state)
            reset, update = torch.sigmoid(gates[:, :64]), torch.sigmoid(gates[:, 64:])
            drawn = net.proposal_in(value) + net.proposal(reset * state)
            drawn = (drawn - net.norm.mean[band]) / (net.norm.variance[band] + 1e-5).sqrt()
            proposal = bend(net.norm.scale * drawn + net.norm.shift)
            state = (1 - update) * state + update * proposal
        assert torch.allclose(net.read(spectra), state, rtol=1e-12)


def test_the_lstm_follows_its_equations():
    torch.manual_seed(0)
    net = LSTM(3, 4).double().eval()
    spectra = torch.randn(6, 4, dtype=torch.float64)
    state = cell = torch.zeros(6, 64, dtype=torch.float64)
    with torch.no_grad():
        for band in range(4):
            mixed = net.inwards(spectra[:, band : band + 1]) + net.recurrent(state)
            enter = torch.sigmoid(mixed[:, :64] + net.peepholes[0] * cell)  # eq. 9
            keep = torch.sigmoid(mixed[:, 64:128] + net.peepholes[1] * cell)  # eq. 10
            cell = enter * torch.tanh(mixed[:, 128:192]) + keep * cell  # eq. 8
            state = torch.sigmoid(mixed[:, 192:] + net.peepholes[2] * cell) * torch.tanh(cell)  # eqs. 6 and 7
        assert torch.allclose(net.read(spectra), state, rtol=1e-12)


def test_initial_weights_lie_between_minus_and_plus_a_tenth():
    """Except the biases of the gates that keep the state, which start further open."""
    net, lstm = GRUPRetanh(9, 103), LSTM(9, 103)
    with torch.no_grad():
        net.gates_in.bias[64:] += 3
        lstm.inwards.bias[64:128] -= 3
    for name, weight in (*net.named_parameters(), *lstm.named_parameters()):
        if name.split(".")[0] not in ("norm", "activation"):
            assert weight.abs().max() <= 0.1 + 1e-6
            assert weight.std().item() == pytest.approx(0.2 / 12**0.5, rel=0.35)


def test_dropout_is_active_only_on_request_and_in_training():
    torch.manual_seed(0)
    net, spectra = LSTM(3, 6).train(), torch.randn(8, 6)
    assert torch.equal(net(spectra), net(spectra))
    net.regularise()
    assert not torch.equal(net(spectra), net(spectra))
    net.eval()
    assert torch.equal(net(spectra), net(spectra))


def test_one_update_moves_the_slopes_by_their_own_rule():
    net = GRUPRetanh(3, 4)
    optimizer = net.optimizer()
    before = net.activation.slope.detach().clone()
    net(torch.randn(8, 4)).square().sum().backward()
    gradient = net.activation.slope.grad.clone()
    optimizer.step()
    assert torch.allclose(net.activation.slope, before - 0.01 * gradient)
    optimizer.zero_grad()
    assert net.activation.slope.grad is None


def far_bands(pixels, bands, classes):
    """Return spectra that show their class only in the first quarter of their bands."""
    noise = np.random.default_rng(0)
    labels = np.arange(pixels) % classes
    spectra = noise.normal(size=(pixels, 1)) + 0.1 * noise.normal(size=(pixels, bands)).cumsum(axis=1)
    for k in range(classes):
        spectra[labels == k, 10 * k : 10 * k + bands // 8] += 2
    spectra = (spectra - spectra.mean(axis=0)) / spectra.std(axis=0)
    parts = np.arange(pixels) // classes
    return SpectralSamples(spectra.astype("float32"), labels.astype("uint8"), parts.astype("int32"))


def test_training_at_rate_one_uses_bands_read_two_hundred_bands_earlier():
    """With half-open gates, the loss would reach millions and then become NaN."""
    torch.manual_seed(0)
    recipe = TrainingOptions(24, 0)
    net, pixels = GRUPRetanh(2, 218), far_bands(64, 218, 2)
    losses = [epoch.loss for epoch in train_spectra(net, pixels, recipe, torch.device("cpu"))]
    assert max(losses) < 2
    assert np.mean(losses[-5:]) < np.log(2) - 0.1, losses


def test_gradients_do_not_explode_over_two_hundred_bands():
    """With half-open gates, they would reach a hundred thousand."""
    torch.manual_seed(0)
    net = GRUPRetanh(6, 218)
    spectra = torch.randn(16, 1) + 0.1 * torch.randn(16, 218).cumsum(dim=1)
    torch.nn.functional.cross_entropy(net(spectra), torch.randint(0, 6, (16,))).backward()
    assert max(weight.grad.norm() for weight in net.parameters()) < 10
