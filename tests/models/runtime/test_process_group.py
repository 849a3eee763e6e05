"""Two processes that train one model together over gloo, started as by torchrun."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from map_refiner.models.cli.main import main
from map_refiner.models.weights.checkpoint import read_card

TRAINED = """
import json, sys
import torch
from map_refiner.models.coarse import registry
from map_refiner.models.cli.main import main
torch.set_num_threads(1)
train = registry.COARSE_TRAINERS["fcn"]

def watched(net, images, options, device):
    if options.process_group.rank:
        for value in net.parameters():
            value.data += 1  # as if it had begun with other weights
    found = {"size": options.process_group.size, "images": len(images), "losses": [], "judged": []}
    for epoch in train(net, images, options, device):
        found["losses"].append(epoch.loss)
        found["judged"].append(epoch.held_out_miou is not None)
        found["weights"] = torch.cat([value.detach().reshape(-1) for value in net.parameters()])[::997].tolist()
        yield epoch
    with open(f"{sys.argv[1]}/rank_{options.process_group.rank}.json", "w") as target:
        json.dump(found, target)

registry.COARSE_TRAINERS["fcn"] = watched
main(json.loads(sys.argv[2]))
"""


@pytest.fixture
def found(town, tmp_path):
    """The records of two processes, the output of the command, and the model card."""
    command = [
        "train-coarse",
        town.image_path,
        "--model",
        "fcn",
        "--labels",
        town.labels_path,
        "--class",
        "building",
        "--class",
        "road",
        "--also",
        f"{town.image_path}={town.labels_path}",
        "--steps",
        "3",
        "-o",
        str(tmp_path / "c.safetensors"),
    ]
    script = tmp_path / "script.py"
    script.write_text(TRAINED)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(
        [*launch, str(tmp_path), json.dumps(command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    ranks = [json.loads((tmp_path / f"rank_{rank}.json").read_text()) for rank in (0, 1)]
    return ranks, done.stdout, read_card(tmp_path / "c.safetensors")


def test_two_processes_train_in_sync_and_only_the_first_evaluates_and_writes(found):
    (one, other), said, card = found
    assert (one["size"], other["size"], one["images"]) == (2, 2, 2)
    assert one["weights"] == pytest.approx(other["weights"], abs=1e-7)
    assert one["losses"] != other["losses"]  # each process draws its own patches
    assert (one["judged"], other["judged"]) == ([True, False, True], [False] * 3)
    assert said.count("mean IoU") == 1
    assert card.trained_on == "image.tif, image.tif"


@pytest.mark.parametrize(
    ("also", "says"),
    [
        ("{image}", "IMAGE=LABELS where the first has labels"),
        ("missing.tif={labels}", "There is no file missing.tif"),
        ("{image}={one}", "name them in the order of their indices"),
    ],
)
def test_scenes_that_do_not_match_are_refused(town, raster, tmp_path, also, says):
    one = raster("one.tif", np.where(town.labels == 255, 255, town.labels > 0).astype("uint8")[None], nodata=255)
    text = also.format(image=town.image_path, labels=town.labels_path, one=one)
    arguments = ["train-coarse", town.image_path, "--model", "fcn", "--labels", town.labels_path, "--also", text]
    result = CliRunner().invoke(main, [*arguments, "--steps", "1", "-o", str(tmp_path / "c.safetensors")])
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "c.safetensors").exists()
