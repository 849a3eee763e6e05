"""The benchmark harness: each cell runs once, results are kept, and one page shows all results."""

import itertools
import json

import pytest

from benchmarks import __main__ as command
from benchmarks.harness import Benchmark, Cell, Option, Page, UsageError, markdown_table
from benchmarks.quality import ablation


class Counting:
    """A benchmark that counts its own runs."""

    def __init__(self, **more):
        self.cells = []
        self.benchmark = Benchmark(
            name="counting",
            title="Counting",
            run=self.run,
            table=self.table,
            scenes=("village", "town, north"),
            kinds=("small", "large"),
            seeds=(0, 1),
            options=(Option("updates", 5, "updates"), Option("fast", False, "no checks", changes_results=False)),
            reads_data=False,
            **more,
        )

    def run(self, settings, cell):
        self.cells.append(cell)
        if cell.kind == "large" and settings.options.fast:
            raise RuntimeError
        return {"score": 10 * cell.seed + len(cell.scene) + settings.options.updates}

    def table(self, settings, results):
        rows = [[cell.scene, cell.kind, str(cell.seed), str(values["score"])] for cell, values in results.items()]
        return Page("About.", markdown_table(["scene", "kind", "seed", "score"], rows), files={"figure.svg": "<svg/>"})


@pytest.fixture
def folders(tmp_path):
    return ["--results", str(tmp_path / "results"), "--pages", str(tmp_path / "pages"), "--threads", "1"]


def test_each_cell_runs_once_and_the_page_shows_all_results(folders, tmp_path, capsys):
    counting = Counting()
    counting.benchmark.main(["--scenes", "village", "--seeds", "0", *folders])
    assert len(counting.cells) == 2
    page = (tmp_path / "pages" / "counting.md").read_text()
    assert page.startswith("# Counting\n\nWritten by `python -m benchmarks counting --scenes village --seeds 0` on ")
    assert "About.\n\n| scene | kind | seed | score |\n|---|---|---|---|\n| village | small | 0 | 12 |" in page

    counting.benchmark.main(["--kinds", "small", *folders])
    assert len(counting.cells) == 5  # two scenes and two seeds; one result exists already
    counting.benchmark.main(folders)
    assert len(counting.cells) == 8
    page = (tmp_path / "pages" / "counting.md").read_text()
    assert "Written by `python -m benchmarks counting` on" in page
    assert "| town, north | large | 1 | 26 |" in page
    assert (tmp_path / "pages" / "figure.svg").read_text() == "<svg/>"
    assert "1 of 3, town, north, large, seed 0 (0 s)" in capsys.readouterr().out


def test_an_interrupted_run_continues(folders):
    counting = Counting()
    with pytest.raises(RuntimeError):
        counting.benchmark.main(["--fast", *folders])
    done = len(counting.cells) - 1
    counting.benchmark.main(folders)
    assert len(counting.cells) - 1 == 8
    assert done == 2  # both scenes of the small kind with the first seed


def test_another_option_value_has_separate_results(folders, tmp_path):
    counting = Counting()
    counting.benchmark.main(folders)
    counting.benchmark.main(["--updates", "7", *folders])
    assert len(counting.cells) == 16
    page = (tmp_path / "pages" / "counting.md").read_text()
    assert "`python -m benchmarks counting --updates 7`" in page
    assert "| village | small | 0 | 14 |" in page


def test_the_page_is_written_from_cached_results_only(folders, tmp_path):
    counting = Counting()
    with pytest.raises(UsageError, match="There are no results of counting"):
        counting.benchmark.main(["--only-write", *folders])
    counting.benchmark.main(folders)
    (tmp_path / "pages" / "counting.md").unlink()
    counting.benchmark.main(["--only-write", *folders])
    assert len(counting.cells) == 8
    assert (tmp_path / "pages" / "counting.md").exists()


def test_times_are_measured_again_in_each_run(folders, tmp_path):
    counting = Counting(is_timed=True)
    counting.benchmark.main(folders)
    counting.benchmark.main(["--scenes", "village", *folders])
    assert len(counting.cells) == 12
    assert "town" not in (tmp_path / "pages" / "counting.md").read_text().partition("About.")[2]


def test_a_result_is_one_json_file(folders, tmp_path):
    Counting().benchmark.main(["--scenes", "town, north", "--kinds", "small", "--seeds", "1", *folders])
    (path,) = (tmp_path / "results" / "counting").glob("*.json")
    assert json.loads(path.read_text()) == {"scene": "town, north", "kind": "small", "seed": 1, "values": {"score": 26}}


def test_a_missing_device_is_named_in_the_error(folders):
    with pytest.raises(UsageError, match="There is no device 'abacus'"):
        Counting(has_device=True).benchmark.main(["--device", "abacus", *folders])


def test_an_unknown_name_is_refused_with_the_known_names(capsys):
    assert command.main(["steps"]) == 2
    assert "There is no benchmark 'steps'; choose one of refiners, ablation," in capsys.readouterr().err


def test_a_benchmark_on_scenes_requires_their_folder(capsys, tmp_path):
    assert command.main(["refiners", "--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "This benchmark reads scenes from a folder: give it with --data FOLDER.\n"
    assert command.main(["refiners", "--data", str(tmp_path / "none"), "--results", str(tmp_path)]) == 2
    assert "none does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["list"], ["--help"]])
def test_the_list_names_every_benchmark_with_its_page(arguments, capsys):
    assert command.main(arguments) == 0
    listed = capsys.readouterr().out
    for name in command.NAMES:
        benchmark = command.load(name)
        assert benchmark.name == name
        assert f"  {name} " in listed
        assert (f"docs/measured/{name}.md" in listed) == benchmark.has_page


@pytest.mark.parametrize("name", command.NAMES)
def test_the_options_of_a_benchmark_have_defaults_and_help(name, capsys):
    benchmark = command.load(name)
    given = benchmark.parser().parse_args([])
    assert given.results.parts[-2:] == ("build", "benchmarks")
    cells = itertools.product(benchmark.scenes, benchmark.kinds, given.seeds)
    files = [Cell(*each).file_name() for each in cells]
    assert len(files) == len(set(files))
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: python -m benchmarks {name}" in capsys.readouterr().out


def test_each_part_of_the_ablation_names_constants_that_exist():
    for part, changes in ablation.PARTS.items():
        for module, values in changes.items():
            missing = [name for name in values if not hasattr(ablation.MODULES[module], name)]
            assert not missing, f"{part}: {module} has no {missing}"
