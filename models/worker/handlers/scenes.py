"""Open and resume scenes."""

from __future__ import annotations

from functools import partial

from ...io.files import make_folder
from ...scene.scene import Scene
from ...session.resume import resume as resume_session
from ...session.session import Session
from ...shared import events, requests
from ..context import Desk


def open_scene(desk: Desk, request: requests.Open) -> None:
    """Open a scene, with no step yet."""
    desk.drop()
    make_folder(request.run_dir)
    scene = Scene(request.image, request.bands, request.area, request.pixel_size_m)
    session = Session(scene, request.run_dir, desk.device)
    _take(desk, session)
    session.save()
    _tell_opened(desk, -1)


def resume(desk: Desk, request: requests.Resume) -> None:
    """Go on with an earlier run."""
    desk.drop()
    session = resume_session(request.run_dir, desk.device)
    _take(desk, session)
    _tell_opened(desk, len(session.history) - 1)
    desk.tell_kept(session.unfinished())


def _take(desk: Desk, session: Session) -> None:
    session.stepping.tell = partial(desk.tell_kept, going_on=True)
    desk.take(session)


def _tell_opened(desk: Desk, steps: int) -> None:
    session = desk.session
    grid = session.scene.grid
    if not grid.crs:
        session.notices.append(f"{session.scene.path.name} has no CRS: sizes are in pixels, and areas unknown.")
    warning = " ".join(session.notices)
    session.notices.clear()
    desk.send(events.Opened(grid.width, grid.height, session.scene.pixel_size_m, steps, warning))
