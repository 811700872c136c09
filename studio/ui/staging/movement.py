"""The movement itself, kept: what somebody performs becomes an animation file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.live.acting.body import body_of
from studio.live.acting.recorder import Recorder
from studio.live.acting.write import write_animation
from studio.live.performance import Performance
from studio.media.formats.avatar import Avatar
from studio.ui import theme
from studio.ui.notices import Level
from studio.ui.staging.written import WrittenLabel, free_places

KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "GLB": ((".glb",), "The avatar with its skin, bones and shapes, moving"),
    "BVH": ((".bvh",), "Its bones alone, for Blender, MotionBuilder, Unity"),
    "VRMA": ((".vrma",), "Bones, gaze and expressions, for any VRM avatar"),
    "CSV": ((".csv",), "Curves of the face: 52 weights and the head's turn"),
    "All four": ((".glb", ".bvh", ".vrma", ".csv"), "A file of each kind"),
}
TELL_MS = 200
RECORD = "Record movement"


class MovementBox(QWidget):
    """Records performances that :meth:`tell` hears of, on any thread, and writes them on ``io``.

    ``folder()`` is where files go and ``avatar()`` loads who plays them, on the writing thread;
    what was written or failed is told to ``say(text, hint, level)``.
    """

    def __init__(
        self, io: Executor, avatar: Callable[[], Callable[[], Avatar]],
        folder: Callable[[], Path], say: Callable[[str, str, Level], object],
    ) -> None:  # fmt: skip
        super().__init__()
        self._io, self._avatar, self._folder, self._say = io, avatar, folder, say
        self._recorder: Recorder | None = None
        self._error: StudioError | None = None
        self._began_s = 0.0
        self._writing: tuple[Future[tuple[int, float]], tuple[Path, ...]] | None = None
        self.button = QPushButton(RECORD)
        self.button.setToolTip("Keep what is performed as an animation, beside or without a film")
        theme.set_icon(self.button, "ph.circle-fill", "stop")
        self.button.clicked.connect(self._toggle)
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind of animation")
        for name, (_, words) in KINDS.items():
            self.kind.addItem(name)
            at = self.kind.count() - 1
            self.kind.setItemData(at, words, Qt.ItemDataRole.ToolTipRole)
            self.kind.setItemData(at, f"{name}: {words}", Qt.ItemDataRole.AccessibleTextRole)
        self.kind.currentTextChanged.connect(lambda name: self.kind.setToolTip(KINDS[name][1]))
        self.kind.setToolTip(KINDS[self.kind.currentText()][1])
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.told = WrittenLabel()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.button, 1)
        row.addWidget(self.kind, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.told)
        self._timer = QTimer(self, interval=TELL_MS)
        self._timer.timeout.connect(self.follow)

    @property
    def recording(self) -> bool:
        """Whether performances are kept at the moment."""
        return self._recorder is not None

    @property
    def writing(self) -> bool:
        """Whether a file is being written."""
        return self._writing is not None

    def tell(self, one: Performance) -> None:
        """Keep a performance, if somebody asked for it."""
        recorder = self._recorder
        if recorder is not None and self._error is None:
            try:
                recorder.tell(one)
            except StudioError as error:
                self._error = error

    def allow(self, on: bool) -> None:
        """Whether there is anything to record."""
        self.button.setEnabled(on and not self.writing)

    def finish(self) -> None:
        """End a recording, and write it."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        self.button.setText(RECORD)
        self.button.setEnabled(False)
        self.kind.setEnabled(True)
        paths = free_places(self._folder(), *KINDS[self.kind.currentText()][0])
        avatar = self._avatar()
        try:
            future = self._io.submit(_write, recorder, paths, avatar)
        except RuntimeError:  # the studio closes: nothing waits any more
            future = Future[tuple[int, float]]()
            future.set_result(_write(recorder, paths, avatar))
        self._writing = future, paths
        self.told.say(f"Writing {paths[0].stem}")

    def follow(self) -> None:
        """Say how far a recording is, and what became of it."""
        if self._recorder is not None:
            seconds = int(time.monotonic() - self._began_s)
            self.told.say(f"● {seconds // 60}:{seconds % 60:02} · {self._recorder.frames} moments")
            if self._error is not None:
                self._say(self._error.message, self._error.hint, "stop")
                self.finish()
        if self._writing is None or not self._writing[0].done():
            return
        (future, paths), self._writing = self._writing, None
        self._timer.stop()
        self.button.setEnabled(True)
        error = future.exception()
        if error is None:
            count, seconds = future.result()
            self.told.show_files(paths)
            facts = f"{count} moments, {seconds:.1f} s, in {paths[0].parent}"
            self._say(f"Recorded: {paths[0].name}", facts, "good")
            return
        self.told.say("")
        if isinstance(error, StudioError):
            self._say(error.message, error.hint, "stop")
        else:
            self._say(f"The movement could not be written: {error}.",
                      "Choose another kind, or free some space on the disk.", "stop")  # fmt: skip

    def _toggle(self) -> None:
        if self._recorder is not None:
            self.finish()
            return
        self._error = None
        self._began_s = time.monotonic()
        self._recorder = Recorder()
        self.button.setText("Stop recording")
        self.kind.setEnabled(False)
        self._timer.start()
        self.follow()


def _write(
    recorder: Recorder, paths: Sequence[Path], avatar: Callable[[], Avatar]
) -> tuple[int, float]:
    """Write all that was kept; how many moments, and seconds, it was."""
    try:
        acted = recorder.acted()
    finally:
        recorder.close()
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    body = None if all(path.suffix == ".csv" for path in paths) else body_of(avatar())
    for path in paths:
        write_animation(path, acted, body)
    return len(acted), float(acted.times_s[-1] - acted.times_s[0])
