"""GDAL virtual rasters (*.vrt) that mosaic tiles, or resample one raster to another grid."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from ..arrays.grid import Grid, Window
from .files import write_whole


@dataclass(frozen=True)
class VrtSource:
    """A raster that fills a window of a mosaic; it is interpolated if its size differs from the window's."""

    path: Path
    window: Window
    width: int
    height: int


@dataclass(frozen=True)
class BandSchema:
    """The bands of a mosaic: names, NoData value, data type and tags."""

    bands: Sequence[str]
    nodata: float
    dtype: str = "Float32"  # GDAL's name of the type
    tags: Mapping[str, str] = field(default_factory=dict)


def write_vrt(path: Path, grid: Grid, schema: BandSchema, sources: Sequence[VrtSource]) -> None:
    """Write a virtual raster atomically, with source paths relative to its folder.

    Raises:
        OutputError: if the file cannot be written.
    """
    a, b, c, d, e, f = grid.transform
    srs = f"<SRS>{escape(grid.crs)}</SRS>" if grid.crs else ""
    tags = "".join(f'<MDI key="{escape(key)}">{escape(value)}</MDI>' for key, value in schema.tags.items())
    parts = [
        f'<VRTDataset rasterXSize="{grid.width}" rasterYSize="{grid.height}">{srs}',
        f"<GeoTransform>{c!r}, {a!r}, {b!r}, {f!r}, {d!r}, {e!r}</GeoTransform><Metadata>{tags}</Metadata>",
    ]
    for number, name in enumerate(schema.bands, start=1):
        parts.append(f'<VRTRasterBand dataType="{schema.dtype}" band="{number}" blockXSize="512" blockYSize="512">')
        parts.append(f"<Description>{escape(name)}</Description><NoDataValue>{schema.nodata:g}</NoDataValue>")
        parts += _sources(path.parent, schema.dtype, number, sources)
        parts.append("</VRTRasterBand>")
    write_whole(path, "\n".join([*parts, "</VRTDataset>\n"]).encode())


def _sources(folder: Path, dtype: str, band: int, sources: Sequence[VrtSource]) -> Iterable[str]:
    for source in sources:
        window = source.window
        finer = (source.width, source.height) != (window.width, window.height)
        how = ' resampling="bilinear"' if finer else ""
        name = escape(Path(os.path.relpath(source.path, folder)).as_posix())
        yield (
            f'<SimpleSource{how}><SourceFilename relativeToVRT="1">{name}</SourceFilename>'
            f"<SourceBand>{band}</SourceBand>"
            f'<SourceProperties RasterXSize="{source.width}" RasterYSize="{source.height}" DataType="{dtype}" '
            f'BlockXSize="512" BlockYSize="512"/>'
            f'<SrcRect xOff="0" yOff="0" xSize="{source.width}" ySize="{source.height}"/>'
            f'<DstRect xOff="{window.column}" yOff="{window.row}" xSize="{window.width}" ySize="{window.height}"/>'
            "</SimpleSource>"
        )
