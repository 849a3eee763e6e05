"""Architecture rules, checked on the source: allowed imports, layers and forbidden calls."""

import ast
import functools
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLUGIN_MAY = {"qgis", "osgeo", "processing"}  # shipped with QGIS; arrays belong to the worker
MODELS_MAY = {
    "click",
    "dask",
    "distributed",
    "numpy",
    "pyogrio",
    "pyproj",
    "rasterio",
    "safetensors",
    "scipy",
    "shapely",
    "torch",
    "typing_extensions",
    "triton",
}
NEVER = {"cPickle", "dill", "marshal", "pickle", "pty", "random", "shelve", "subprocess"}  # blocked by plugins.qgis.org
FILE_LIBRARIES = {"rasterio", "pyogrio", "pyproj"}
PURE = {"arrays", "coarse", "metrics", "refine", "training"}  # these packages use no files and no CRS

# Layers from the bottom up. A package imports only packages of lower layers, never one of its own layer.
LAYERS = {
    "models": [
        {"shared"},
        {"errors"},
        {"runtime", "arrays"},
        {"metrics", "training", "io"},
        {"coarse", "refine", "polygons"},
        {"scene"},
        {"weights", "tiling", "evaluate"},
        {"session", "batch"},
        {"pipelines"},
        {"worker", "cli"},
        {"__main__"},
    ],
    "plugin": [
        {"errors", "messages", "help", "settings", "state", "icons", "wording"},
        {"catalogue", "map_tools", "worker"},
        {"run"},
        {"layers", "environment"},
        {"report", "dock"},
        {"control", "processing"},
        {"main"},
    ],
}
LARGEST_PACKAGE = 13  # modules per package
MOST_ARROWS = 150  # between packages of models/
MOST_POSITIONAL = 5  # arguments of a call
CATCH_ALL = {"Exception", "BaseException"}
MAY_CATCH_ALL = ("models/worker/main.py", "plugin/processing/")  # an unknown error becomes a message


def module_name(path):
    """Return the name of a module within the package, e.g. "models.refine.rnn"; "" is the package itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = [ROOT / "__init__.py", *sorted((ROOT / "models").rglob("*.py")), *sorted((ROOT / "plugin").rglob("*.py"))]
MODULES = {module_name(path): path for path in PATHS}
PLUGIN = [name for name in MODULES if name.split(".")[0] == "plugin"]
MODELS = [name for name in MODULES if name.split(".")[0] == "models"]


@functools.cache
def tree(name):
    """Return the syntax tree of a module."""
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def place(name, node):
    """Return the position of a node as "path:line"."""
    return f"{MODULES[name].relative_to(ROOT)}:{node.lineno}"


@functools.cache
def imports(name):
    """List the imports of a module as (node, absolute name or None, own module or None)."""
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    found = []
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found += [(node, alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append((node, node.module, None))
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            base = ".".join(parts[: len(parts) - node.level + 1] + ([node.module] if node.module else []))
            is_package = base in MODULES and MODULES[base].name == "__init__.py"  # packages export only modules
            for alias in node.names:
                inside = f"{base}.{alias.name}".lstrip(".")
                found.append((node, None, inside if is_package else base))
    return found


def foreign(name):
    """List the top-level external packages that a module imports, with their nodes."""
    return [(node, absolute.split(".")[0]) for node, absolute, _ in imports(name) if absolute]


@functools.cache
def reached(name):
    """Return the own modules that a module imports, directly or indirectly."""
    seen, waiting = set(), [name]
    while waiting:
        for _, _, own in imports(waiting.pop()):
            if own and own in MODULES and own not in seen:
                seen.add(own)
                waiting.append(own)
    return seen


def import_offences(names, is_allowed):
    """List the external imports of modules that a rule does not allow."""
    return [
        f"{place(name, node)} imports {package}"
        for name in names
        for node, package in foreign(name)
        if not is_allowed(package)
    ]


def test_modules_are_found():
    assert len(MODELS) > 1
    assert len(PLUGIN) > 1


def test_plugin_imports_only_packages_of_qgis():
    assert not import_offences(PLUGIN, lambda package: package in PLUGIN_MAY | sys.stdlib_module_names)


def test_models_import_only_declared_libraries():
    assert not import_offences(MODELS, lambda package: package in MODELS_MAY | sys.stdlib_module_names)


def test_libraries_of_models_are_declared_as_requirements():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read TOML")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = " ".join([*project["dependencies"], *extras["cluster"], *extras["cuda"]])
    assert not [package for package in MODELS_MAY if package not in declared]


def test_every_subpackage_of_models_is_installed_by_pip():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read TOML")
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {f"map_refiner.{name}" for name in MODELS if MODULES[name].name == "__init__.py"} | {"map_refiner"}
    assert set(setuptools["packages"]) == packages


def test_every_folder_with_modules_is_a_package():
    assert not [path for path in PATHS if not (path.parent / "__init__.py").exists()]


def test_own_modules_are_imported_relatively():
    own = {"map_refiner", "models", "plugin", "resources", "tests"}
    assert not import_offences(MODULES, lambda package: package not in own)


def test_relative_imports_name_existing_modules():
    offences = [
        f"{place(name, node)} imports {own}"
        for name in MODULES
        for node, _, own in imports(name)
        if own is not None and own not in MODULES
    ]
    assert not offences


def test_pyqt_is_imported_through_qgis():
    # Also under a TYPE_CHECKING guard: QGIS 3 has PyQt5 and QGIS 4 has PyQt6.
    assert not import_offences(MODULES, lambda package: not package.startswith(("PyQt", "PySide", "sip")))


def room(name):
    """Return the half and the package of a module, e.g. ("models", "io"); a module at the root is its own package."""
    half, _, rest = name.partition(".")
    return half, rest.partition(".")[0]


def layer(name):
    """Return the number of a module's layer."""
    half, package = room(name)
    return next(number for number, packages in enumerate(LAYERS[half]) if package in packages)


def test_every_package_has_a_layer():
    for half, names in (("models", MODELS), ("plugin", PLUGIN)):
        listed = [package for packages in LAYERS[half] for package in packages]
        assert sorted(listed) == sorted({room(name)[1] for name in names} - {""})


def test_a_package_imports_lower_layers_only():
    offences = [
        f"{place(name, node)} imports {own}"
        for name in MODULES
        for node, _, own in imports(name)
        if name and own and room(own)[0] == room(name)[0] and room(own) != room(name) and layer(own) >= layer(name)
    ]
    assert not offences


def test_packages_are_small():
    packages = {name.rpartition(".")[0] for name in MODULES if name}
    sizes = {
        package: sum(
            other.rpartition(".")[0] == package and MODULES[other].name != "__init__.py" for other in MODULES if other
        )
        for package in packages
    }
    assert not {package: size for package, size in sizes.items() if size > LARGEST_PACKAGE}
    assert sizes["models"] <= 3


def test_dependencies_between_packages_stay_few():
    arrows = {
        (room(name)[1], room(own)[1])
        for name in MODELS
        for _, _, own in imports(name)
        if own and room(own) != room(name)
    }
    assert len(arrows) <= MOST_ARROWS


def test_the_plugin_imports_only_shared_from_models():
    offences = [
        f"{place(name, node)} imports {own}"
        for name in PLUGIN
        for node, _, own in imports(name)
        if own and room(own)[0] == "models" and room(own)[1] != "shared"
    ]
    assert not offences


def test_models_do_not_import_the_plugin():
    offences = [
        f"{place(name, node)} imports {own}"
        for name in MODELS
        for node, _, own in imports(name)
        if own is not None and own.split(".")[0] != "models"
    ]
    assert not offences


def test_shared_uses_the_standard_library_only():
    names = [name for name in MODELS if room(name)[1] == "shared"]
    assert not import_offences(names, lambda package: package in sys.stdlib_module_names)


def test_file_libraries_are_imported_in_io_only():
    names = [name for name in MODULES if room(name) != ("models", "io")]
    assert not import_offences(names, lambda package: package not in FILE_LIBRARIES)


def test_pure_packages_do_not_use_files_or_crs():
    names = [name for name in MODELS if room(name)[1] in PURE]
    assert not import_offences(names, lambda package: package not in FILE_LIBRARIES)
    assert not [
        f"{place(name, node)} imports {own}"
        for name in names
        for node, _, own in imports(name)
        if own and room(own)[1] == "io"
    ]


def test_messages_are_imported_in_worker_and_cli_only():
    messages = ("models.shared.requests", "models.shared.events")
    assert not [
        f"{place(name, node)} imports {own}"
        for name in MODELS
        for node, _, own in imports(name)
        if own in messages and room(name)[1] not in {"worker", "cli", "shared"}
    ]


def test_only_control_imports_several_of_dock_worker_and_layers():
    parts = {"plugin.dock.dock", "plugin.worker.process", "plugin.layers.score_layers"}
    known = {name: parts & {own for _, _, own in imports(name)} for name in PLUGIN}
    assert not [name for name in PLUGIN if len(known[name]) > 1 and room(name)[1] != "control"]


def test_imports_have_no_cycles():
    assert not [name for name in MODULES if name and name in reached(name)]


def test_subpackages_contain_only_a_docstring():
    # QGIS reloads the modules of a plugin but keeps the __init__ of sub-packages.
    offences = [
        name
        for name, path in MODULES.items()
        if name and path.name == "__init__.py" and not (len(tree(name).body) == 1 and ast.get_docstring(tree(name)))
    ]
    assert not offences


def test_the_root_package_defines_only_class_factory():
    docstring, *rest = tree("").body
    assert isinstance(docstring, ast.Expr)
    assert [getattr(node, "name", None) for node in rest] == ["classFactory"]


def calls(name):
    """List the calls in a module as (node, dotted name)."""
    return [(node, ast.unparse(node.func)) for node in ast.walk(tree(name)) if isinstance(node, ast.Call)]


def test_shipped_code_uses_nothing_that_the_upload_check_blocks():
    assert not import_offences(MODULES, lambda package: package not in NEVER)
    blocked = {"eval", "exec", "compile", "os.system", "os.popen", "torch.load", "__import__", "tempfile.mktemp"}
    assert not [
        f"{place(name, node)} calls {called}" for name in MODULES for node, called in calls(name) if called in blocked
    ]


def test_no_module_prints():
    # stdout carries the protocol; the command writes with click.
    assert not [place(name, node) for name in MODULES for node, called in calls(name) if called == "print"]


def test_no_module_uses_assert():
    assert not [place(name, node) for name in MODULES for node in ast.walk(tree(name)) if isinstance(node, ast.Assert)]


def is_broad(node):
    """Return whether a node swallows unexpected errors; cleanup that re-raises may catch all."""
    if isinstance(node, ast.ExceptHandler):
        if isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
            return False
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(kind is None or ast.unparse(kind) in CATCH_ALL for kind in caught)
    is_suppress = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "suppress"
    return is_suppress and any(ast.unparse(kind) in CATCH_ALL for kind in node.args)


def test_no_unexpected_error_is_swallowed():
    offences = [
        place(name, node)
        for name in MODULES
        for node in ast.walk(tree(name))
        if is_broad(node) and not place(name, node).startswith(MAY_CATCH_ALL)
    ]
    assert not offences


def test_modules_run_no_code_on_import():
    # A call or loop at module level runs while QGIS starts. Constants and definitions are allowed.
    may_stand = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    offences = [
        place(name, node)
        for name in MODULES
        for node in tree(name).body
        if not isinstance(node, may_stand)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (
            isinstance(node, ast.If)
            and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == '__main__'"}
        )
    ]
    assert not offences


def test_a_class_name_has_one_meaning():
    names = [
        node.name
        for name in MODULES
        for node in ast.walk(tree(name))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert len(names) == len(set(names)), {each for each in names if names.count(each) > 1}


def test_calls_with_many_arguments_name_them():
    # The functions of Qt, QGIS, PyTorch and Triton take what their authors chose.
    foreign_calls = ("nn.", "functional.", "refine_tile[", "Qgs", "QFileDialog.", "self._algorithm.parameterAs")
    offences = [
        f"{place(name, node)} calls {called} with {len(node.args)} positional arguments"
        for name in MODULES
        for node, called in calls(name)
        if len(node.args) > MOST_POSITIONAL and not called.startswith(foreign_calls)
    ]
    assert not offences
