"""The recurrent networks of Mou, Ghamisi and Zhu (TGRS 2017): a spectrum is a sequence of one value a band.

One layer of 64 units reads the bands in their order; its last state is classified. Not in the paper, and chosen here:
batch normalisation has scale and shift for all bands together, but statistics for each band, for the states of the
first bands are unlike those of the last; the slopes of PRetanh are trained by gradient descent with momentum 0.9 at a
rate of 0.01, everything else by Adadelta; states begin at zero. Unlike in the paper, where all biases begin between
-0.1 and 0.1, those of the gates that keep a state begin three further open. Else half of a state is lost at each band:
over two hundred bands the gradients of normalised states explode, and where they do not, nothing is learnt of the first
bands (on Houston 200 updates came to 16 % of pixels right, and 120 with open gates to 56 %; one seed).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .pixel_model import PixelModel, init_uniform
from .pretanh import PRetanh

UNITS = 64
BOUND = 0.1  # of all weights and biases to begin with
ADADELTA_RATE, ADADELTA_DECAY = 1.0, 0.95  # of Adadelta
SLOPE_RATE, SLOPE_MOMENTUM = 0.01, 0.9
KEEP_GATE_BIAS = 3.0  # added to the biases of the gates that keep a state, so that it is kept over some twenty bands
FADE = 0.1  # of the running statistics, an update


class BandNorm(nn.Module):
    """Batch normalisation of a state at each band of a sequence."""

    mean: Tensor
    variance: Tensor

    def __init__(self, bands: int, channels: int) -> None:
        """Make one scale and shift a channel, and running statistics for each band."""
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(bands, channels))
        self.register_buffer("variance", torch.ones(bands, channels))

    def forward(self, state: Tensor, band: int) -> Tensor:
        """Normalise (pixels, channels) by what is in the batch, or by the running statistics once it is trained."""
        mean, variance = self.mean[band], self.variance[band]
        return functional.batch_norm(state, mean, variance, self.scale, self.shift, self.training, FADE)


class Dropout(nn.Module):
    """Leaves out the same units at every band of a sequence, while it trains."""

    def __init__(self) -> None:
        """Leave out nothing until `share` is set."""
        super().__init__()
        self.share = 0.0

    def mask(self, like: Tensor, units: int) -> Tensor | None:
        """Return what to multiply (pixels, units) with; None: with nothing."""
        if not self.training or not self.share:
            return None
        return functional.dropout(torch.ones(len(like), units, device=like.device, dtype=like.dtype), self.share)


class Recurrent(PixelModel):
    """A recurrent layer and a classifier of its last state."""

    def __init__(self, classes: int, bands: int) -> None:
        """Make the classifier; the layer is that of the kind."""
        super().__init__(classes, bands)
        self.out = nn.Linear(UNITS, classes)
        self.drop = Dropout()  # of inputs and states
        self.drop_out = nn.Dropout(0.0)  # of what is classified

    def regularise(self, inside: float = 0.2, outside: float = 0.5) -> None:
        """Train with dropout, as the paper does on Indian Pines alone."""
        self.drop.share, self.drop_out.p = inside, outside

    def read(self, spectra: Tensor) -> Tensor:
        """Return the last state (pixels, units) of (pixels, bands)."""
        raise NotImplementedError

    def forward(self, spectra: Tensor) -> Tensor:
        """Return (pixels, classes) logits of (pixels, bands)."""
        logits: Tensor = self.out(self.drop_out(self.read(spectra)))
        return logits

    def optimizer(self) -> torch.optim.Optimizer:
        """Return Adadelta at a rate of one, with gradient descent for the slopes."""
        return AdadeltaAndSlopes(self)


class AdadeltaAndSlopes(torch.optim.Adadelta):
    """Adadelta, which leaves the slopes of PRetanh to plain gradient descent with momentum."""

    def __init__(self, net: nn.Module) -> None:
        """Take the weights of a network apart."""
        slopes = [weight for name, weight in net.named_parameters() if name.endswith(".slope")]
        super().__init__(
            [weight for name, weight in net.named_parameters() if not name.endswith(".slope")],
            lr=ADADELTA_RATE,
            rho=ADADELTA_DECAY,
        )
        self.slopes = torch.optim.SGD(slopes, lr=SLOPE_RATE, momentum=SLOPE_MOMENTUM) if slopes else None

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update everything once."""
        super().step(closure)
        if self.slopes is not None:
            self.slopes.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""
        super().zero_grad(set_to_none)
        if self.slopes is not None:
            self.slopes.zero_grad(set_to_none)


class GRU(Recurrent):
    """r, z = sigmoid(w x + W h + b), p = f(BN(w x + W (r h) + b)), h = (1 - z) h + z p: 12,672 weights in the layer.

    f is PRetanh, tanh or ReLU by the kind; f and the normalisation come on top.
    """

    def __init__(self, classes: int, bands: int) -> None:
        """Make the layer with weights and biases drawn from -0.1 to 0.1."""
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
        """Return f."""
        raise NotImplementedError

    def read(self, spectra: Tensor) -> Tensor:
        """Return the last state (pixels, units) of (pixels, bands)."""
        state = spectra.new_zeros(len(spectra), UNITS)
        inside, seen = self.drop.mask(spectra, UNITS), self.drop.mask(spectra, 1)
        if seen is not None:
            spectra = spectra * seen
        for band, value in enumerate(spectra.t()[..., None].unbind()):  # (pixels, 1)
            held = state if inside is None else state * inside
            opened = _mixed(value, self.gates_in, held, self.gates).sigmoid()
            reset, update = opened.chunk(2, dim=1)
            drawn = _mixed(value, self.proposal_in, reset * held, self.proposal)
            state = torch.lerp(state, self.activation(self.norm(drawn, band)), update)
        return state


def _mixed(value: Tensor, inwards: nn.Linear, state: Tensor, recurrent: nn.Linear) -> Tensor:
    """Return w x + b + W h for a value (pixels, 1) and a state (pixels, units)."""
    return torch.addmm(torch.addcmul(inwards.bias, value, inwards.weight[:, 0]), state, recurrent.weight.t())


class GRUPRetanh(GRU):
    """The paper's own: a slope a channel."""

    kind = "gru-pretanh"

    def make_activation(self) -> nn.Module:
        """Return PRetanh."""
        return PRetanh(UNITS)


class GRUSharedPRetanh(GRU):
    """The paper's variant with one slope for all channels."""

    kind = "gru-pretanh-shared"

    def make_activation(self) -> nn.Module:
        """Return PRetanh with a shared slope."""
        return PRetanh(UNITS, shared=True)


class GRUTanh(GRU):
    """The usual activation."""

    kind = "gru-tanh"

    def make_activation(self) -> nn.Module:
        """Return tanh."""
        return nn.Tanh()


class GRUReLU(GRU):
    """Unbounded: the paper has it diverge at the learning rate of the others."""

    kind = "gru-relu"

    def make_activation(self) -> nn.Module:
        """Return ReLU."""
        return nn.ReLU()


class LSTM(Recurrent):
    """Input, forget and output gates that see the memory cell (equations 6 to 10): 16,896 weights and 192 peepholes."""

    kind = "lstm"

    def __init__(self, classes: int, bands: int) -> None:
        """Make the layer with weights and biases drawn from -0.1 to 0.1."""
        super().__init__(classes, bands)
        self.inwards = nn.Linear(1, 4 * UNITS)  # input gate, forget gate, new content, output gate
        self.recurrent = nn.Linear(UNITS, 4 * UNITS, bias=False)
        self.peepholes = nn.Parameter(torch.empty(3, UNITS))
        init_uniform(self, BOUND)
        with torch.no_grad():
            self.inwards.bias[UNITS : 2 * UNITS] += KEEP_GATE_BIAS

    def read(self, spectra: Tensor) -> Tensor:
        """Return the last state (pixels, units) of (pixels, bands)."""
        state = cell = spectra.new_zeros(len(spectra), UNITS)
        inside, seen = self.drop.mask(spectra, UNITS), self.drop.mask(spectra, 1)
        if seen is not None:
            spectra = spectra * seen
        for value in spectra.t()[..., None].unbind():  # (pixels, 1)
            held = state if inside is None else state * inside
            enter, keep, content, leave = _mixed(value, self.inwards, held, self.recurrent).chunk(4, dim=1)
            enter = torch.addcmul(enter, self.peepholes[0], cell).sigmoid()
            keep = torch.addcmul(keep, self.peepholes[1], cell).sigmoid()
            cell = torch.addcmul(enter * content.tanh(), keep, cell)
            state = torch.addcmul(leave, self.peepholes[2], cell).sigmoid() * cell.tanh()
        return state
