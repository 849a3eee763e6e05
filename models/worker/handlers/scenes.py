"""Opening and resuming of scenes."""

from __future__ import annotations

from functools import partial

from ...io.files import make_folder
from ...scene.scene import Scene
from ...session.resume import resume_session
from ...session.session import Session
from ...shared import events, requests
from ..context import RequestContext


def on_open_scene(context: RequestContext, request: requests.Open) -> None:
    """Open a scene, without any step yet."""
    context.close_session()
    make_folder(request.run_dir)
    scene = Scene(request.image, request.bands, request.area, request.pixel_size_m)
    session = Session(scene, request.run_dir, context.device)
    _use(context, session)
    session.save()
    _send_opened(context, -1)


def on_resume(context: RequestContext, request: requests.Resume) -> None:
    """Resume an earlier run."""
    context.close_session()
    session = resume_session(request.run_dir, context.device)
    _use(context, session)
    _send_opened(context, len(session.history) - 1)
    context.send_kept_tiles(session.unfinished())


def _use(context: RequestContext, session: Session) -> None:
    session.on_resumed(partial(context.send_kept_tiles, is_resumed=True))
    context.use_session(session)


def _send_opened(context: RequestContext, steps: int) -> None:
    session = context.session
    grid = session.scene.grid
    if not grid.crs:
        session.notify("{name} has no CRS: sizes are in pixels, and areas unknown.", name=session.scene.path.name)
    context.send(events.Opened(grid.width, grid.height, session.scene.pixel_size_m, steps))
    context.send_notices(session.take_notices())
