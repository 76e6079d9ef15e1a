"""The meeting of one period: where everything of it lies."""

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from analysis import params
from analysis.periods import period
from analysis.tables import STATEWIDE

SHAPE = "outputs/<study>/briefs/<period>/statewide/packet.html"


class PacketError(ValueError):
    """A sentence about briefs that cannot be bound, or a page that cannot be printed."""


@dataclass(frozen=True)
class Meeting:
    """The packet of one study and period, and what goes with it."""

    study: str
    period: str
    root: Path

    @property
    def outputs(self) -> Path:
        return self.root / "outputs" / self.study

    @property
    def briefs(self) -> Path:
        """The folder of all briefs of the study."""
        return self.outputs / "briefs"

    @property
    def packet(self) -> Path:
        """Written last: where it stands, all of the rest does."""
        return self.briefs / self.period / STATEWIDE / "packet.html"

    @property
    def printed(self) -> Path:
        return self.packet.with_suffix(".pdf")

    @property
    def slides(self) -> Path:
        return self.packet.with_name("slides.pptx")

    @property
    def tables(self) -> Path:
        return self.outputs / "tables" / self.period

    @property
    def workbook(self) -> Path:
        return self.tables / STATEWIDE / "measures.xlsx"

    @property
    def send(self) -> Path:
        return self.outputs / "send" / self.period

    def shown(self, path: Path) -> str:
        """The path from the root, as a message prints it."""
        return path.relative_to(self.root).as_posix()


def read_meeting(path: str, *, root: Path = params.ROOT) -> Meeting:
    """The meeting that a packet's path names; a wrong shape, study or period is one sentence.

    >>> read_meeting("outputs/demo/briefs/2026-10/statewide/packet.html").period
    '2026-10'
    >>> read_meeting("outputs/demo/briefs/2026-10/site-04/packet.html")
    Traceback (most recent call last):
    analysis.brief.packet.meeting.PacketError: outputs/demo/briefs/2026-10/site-04/packet.html is not the path of a packet. Write outputs/<study>/briefs/<period>/statewide/packet.html.
    """
    match PurePosixPath(path).parts:
        case ("outputs", study, "briefs", month, "statewide", "packet.html"):
            params.study(study, root=root)
            period(month)
            return Meeting(study, month, root)
    raise PacketError(f"{path} is not the path of a packet. Write {SHAPE}.")


def clear(meeting: Meeting) -> None:
    """Remove what an earlier run left: where a brief of it fails, all of this is stale."""
    for path in (meeting.packet, meeting.printed, meeting.slides, meeting.workbook):
        path.unlink(missing_ok=True)
    shutil.rmtree(meeting.send, ignore_errors=True)
