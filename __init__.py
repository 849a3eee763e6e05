"""Map Refiner: interactive map correction with a learned refiner."""


def classFactory(iface):  # noqa: N802  (the name is QGIS's)
    """Return the plugin; the import is here so that the worker never meets qgis."""
    from .plugin.main import MapRefinerPlugin

    return MapRefinerPlugin(iface)
