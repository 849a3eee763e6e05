"""Recurrent networks of Mou, Ghamisi and Zhu (TGRS 2017): a spectrum is a sequence of one value per band.

One layer of 64 units reads the bands in order; its last state is classified. Our choices, not in the paper: batch
normalisation shares scale and shift over all bands but keeps statistics per band, because the states of the first bands
differ from those of the last. The slopes of PRetanh are trained by gradient descent with momentum 0.9 at a rate of
0.01, all other weights by Adadelta. States start at zero. In the paper, all biases start between -0.1 and 0.1; here
those of the gates that keep a state start three further open. Otherwise half of a state is lost at each band: over two
hundred bands the gradients of normalised states explode, or nothing is learned from the first bands (Houston: 16 % of
pixels correct after 200 updates, 56 % after 120 with open gates; one seed).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .pixel_model import PixelModel, init_uniform
from .pretanh import PRetanh

UNITS = 64
BOUND = 0.1  # of all initial weights and biases
ADADELTA_RATE, ADADELTA_DECAY = 1.0, 0.95  # learning rate and decay
SLOPE_RATE, SLOPE_MOMENTUM = 0.01, 0.9
KEEP_GATE_BIAS = 3.0  # added to the biases of the gates that keep a state, so that it lasts about twenty bands
FADE = 0.1  # momentum of the running statistics, per update


class BandNorm(nn.Module):
    """Batch normalisation of a state at each band of a sequence."""

    mean: Tensor
    variance: Tensor

    def __init__(self, bands: int, channels: int) -> None:
        """Create one scale and shift per channel, and running statistics for each band."""
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(bands, channels))
        self.register_buffer("variance", torch.ones(bands, channels))

    def forward(self, state: Tensor, band: int) -> Tensor:
        """Normalise (pixels, channels) by the batch in training, otherwise by the running statistics."""
        mean, variance = self.mean[band], self.variance[band]
        return functional.batch_norm(state, mean, variance, self.scale, self.shift, self.training, FADE)


class Dropout(nn.Module):
    """Dropout of the same units at every band of a sequence, in training only."""

    def __init__(self) -> None:
        """Start without dropout until `share` is set."""
        super().__init__()
        self.share = 0.0

    def mask(self, like: Tensor, units: int) -> Tensor | None:
        """Return the factors for (pixels, units), or None if nothing is dropped."""
        if not self.training or not self.share:
            return None
        return functional.dropout(torch.ones(len(like), units, device=like.device, dtype=like.dtype), self.share)


class Recurrent(PixelModel):
    """A recurrent layer and a classifier of its last state."""

    def __init__(self, classes: int, bands: int) -> None:
        """Build the classifier; subclasses add the recurrent layer."""
        super().__init__(classes, bands)
        self.out = nn.Linear(UNITS, classes)
        self.drop = Dropout()  # for inputs and states
        self.drop_out = nn.Dropout(0.0)  # for the classifier's input

    def regularise(self, inside: float = 0.2, outside: float = 0.5) -> None:
        """Enable dropout in training; the paper uses it only on Indian Pines."""
        self.drop.share, self.drop_out.p = inside, outside

    def read(self, spectra: Tensor) -> Tensor:
        """Return the last state (pixels, units) of spectra (pixels, bands)."""
        raise NotImplementedError

    def forward(self, spectra: Tensor) -> Tensor:
        """Return (pixels, classes) logits of (pixels, bands)."""
        logits: Tensor = self.out(self.drop_out(self.read(spectra)))
        return logits

    def optimizer(self) -> torch.optim.Optimizer:
        """Return Adadelta at a rate of one, with gradient descent for the slopes."""
        return AdadeltaAndSlopes(self)


class AdadeltaAndSlopes(torch.optim.Adadelta):
    """Adadelta, with plain gradient descent with momentum for the slopes of PRetanh."""

    def __init__(self, net: nn.Module) -> None:
        """Separate the slopes of a network from its other weights."""
        slopes = [weight for name, weight in net.named_parameters() if name.endswith(".slope")]
        super().__init__(
            [weight for name, weight in net.named_parameters() if not name.endswith(".slope")],
            lr=ADADELTA_RATE,
            rho=ADADELTA_DECAY,
        )
        self.slopes = torch.optim.SGD(slopes, lr=SLOPE_RATE, momentum=SLOPE_MOMENTUM) if slopes else None

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update all weights once."""
        super().step(closure)
        if self.slopes is not None:
            self.slopes.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset all gradients."""
        super().zero_grad(set_to_none)
        if self.slopes is not None:
            self.slopes.zero_grad(set_to_none)


class GRU(Recurrent):
    """r, z = sigmoid(w x + W h + b), p = f(BN(w x + W (r h) + b)), h = (1 - z) h + z p: 12,672 weights in the layer.

    f is PRetanh, tanh or ReLU, depending on the kind. The weights of f and of the normalisation are not included.
    """

    def __init__(self, classes: int, bands: int) -> None:
        """Build the layer with weights and biases drawn from [-0.1, 0.1]."""
        super().__init__(classes, bands)
        self.gates_in = nn.Linear(1, 2 * UNITS)  # r, z
        self.proposal_in = nn.Linear(1, UNITS)
        self.gates = nn.Linear(UNITS, 2 * UNITS, bias=False)
        self.proposal = nn.Linear(UNITS, UNITS, bias=False)
        init_uniform(self, BOUND)
        with torch.no_grad():
            self.gates_in.bias[UNITS:] -= KEEP_GATE_BIAS
        self.norm = BandNorm(bands, UNITS)
        self.activation = self.make_activation()

    def make_activation(self) -> nn.Module:
        """Return the activation f."""
        raise NotImplementedError

    def read(self, spectra: Tensor) -> Tensor:
        """Return the last state (pixels, units) of spectra (pixels, bands)."""
        state = spectra.new_zeros(len(spectra), UNITS)
        inside, seen = self.drop.mask(spectra, UNITS), self.drop.mask(spectra, 1)
        if seen is not None:
            spectra = spectra * seen
        for band, value in enumerate(spectra.t()[..., None].unbind()):  # (pixels, 1)
            held_out = state if inside is None else state * inside
            opened = _mixed(value, self.gates_in, held_out, self.gates).sigmoid()
            reset, update = opened.chunk(2, dim=1)
            drawn = _mixed(value, self.proposal_in, reset * held_out, self.proposal)
            state = torch.lerp(state, self.activation(self.norm(drawn, band)), update)
        return state


def _mixed(value: Tensor, inwards: nn.Linear, state: Tensor, recurrent: nn.Linear) -> Tensor:
    """Return w x + b + W h for a value (pixels, 1) and a state (pixels, units)."""
    return torch.addmm(torch.addcmul(inwards.bias, value, inwards.weight[:, 0]), state, recurrent.weight.t())


class GRUPRetanh(GRU):
    """GRU with the paper's own activation: PRetanh with one slope per channel."""

    kind = "gru-pretanh"

    def make_activation(self) -> nn.Module:
        """Return PRetanh."""
        return PRetanh(UNITS)


class GRUSharedPRetanh(GRU):
    """GRU with the paper's variant of PRetanh: one slope for all channels."""

    kind = "gru-pretanh-shared"

    def make_activation(self) -> nn.Module:
        """Return PRetanh with a shared slope."""
        return PRetanh(UNITS, shared=True)


class GRUTanh(GRU):
    """GRU with tanh, the usual activation."""

    kind = "gru-tanh"

    def make_activation(self) -> nn.Module:
        """Return tanh."""
        return nn.Tanh()


class GRUReLU(GRU):
    """GRU with the unbounded ReLU; in the paper it diverges at the learning rate of the others."""

    kind = "gru-relu"

    def make_activation(self) -> nn.Module:
        """Return ReLU."""
        return nn.ReLU()


class LSTM(Recurrent):
    """LSTM with gates that read the cell (equations 6 to 10): 16,896 weights and 192 peepholes."""

    kind = "lstm"

    def __init__(self, classes: int, bands: int) -> None:
        """Build the layer with weights and biases drawn from [-0.1, 0.1]."""
        super().__init__(classes, bands)
        self.inwards = nn.Linear(1, 4 * UNITS)  # input gate, forget gate, new content, output gate
        self.recurrent = nn.Linear(UNITS, 4 * UNITS, bias=False)
        self.peepholes = nn.Parameter(torch.empty(3, UNITS))
        init_uniform(self, BOUND)
        with torch.no_grad():
            self.inwards.bias[UNITS : 2 * UNITS] += KEEP_GATE_BIAS

    def read(self, spectra: Tensor) -> Tensor:
        """Return the last state (pixels, units) of spectra (pixels, bands)."""
        state = cell = spectra.new_zeros(len(spectra), UNITS)
        inside, seen = self.drop.mask(spectra, UNITS), self.drop.mask(spectra, 1)
        if seen is not None:
            spectra = spectra * seen
        for value in spectra.t()[..., None].unbind():  # (pixels, 1)
            held_out = state if inside is None else state * inside
            enter, keep, content, leave = _mixed(value, self.inwards, held_out, self.recurrent).chunk(4, dim=1)
            enter = torch.addcmul(enter, self.peepholes[0], cell).sigmoid()
            keep = torch.addcmul(keep, self.peepholes[1], cell).sigmoid()
            cell = torch.addcmul(enter * content.tanh(), keep, cell)
            state = torch.addcmul(leave, self.peepholes[2], cell).sigmoid() * cell.tanh()
        return state
