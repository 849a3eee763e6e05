"""Parallel work in threads: results, errors and gradients."""

import pytest
import torch
from map_refiner.models.runtime.parallel import data_parallel_backward, in_strips, run_in_threads

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    assert torch.get_num_threads() == request.param
    torch.set_num_threads(before)


def test_results_are_in_the_order_of_the_jobs(threads):
    assert run_in_threads([lambda n=n: n * n for n in range(7)]) == [n * n for n in range(7)]


def test_an_error_in_a_job_is_raised(threads):
    def broken():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_in_threads([int, broken, int])


@pytest.mark.parametrize("height", [1, 3, 10, 50])
def test_strips_cover_all_rows_once(threads, height):
    seen = torch.zeros(10)

    def work(strip):
        assert strip.stop - strip.start <= height
        assert not torch.is_grad_enabled()
        seen[strip] += 1

    in_strips(10, height, work)
    assert seen.eq(1).all()


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_gradients_equal_those_of_the_whole_batch(threads, batch):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.ReLU(), torch.nn.Conv2d(3, 1, 3))
    net[0].bias.requires_grad_(False)
    examples = torch.randn(batch, 2, 9, 9)
    value = data_parallel_backward(net.parameters(), batch, lambda part: net(examples[part]).square().sum() / 7, CPU)
    found = [weight.grad.clone() for weight in net.parameters() if weight.requires_grad]
    net.zero_grad()
    whole = net(examples).square().sum() / 7
    whole.backward()
    wanted = [weight.grad for weight in net.parameters() if weight.requires_grad]
    assert value == pytest.approx(float(whole.detach()), rel=1e-5)
    assert len(found) == 3
    assert all(torch.allclose(one, two, rtol=1e-4, atol=1e-5) for one, two in zip(found, wanted, strict=True))
