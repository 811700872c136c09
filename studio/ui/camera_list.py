"""The cameras of the window as a list: add, open, choose, set up, reorder, rename, remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.media.live.source import Source, source_of
from studio.ui import theme
from studio.ui.camera_card import CameraCard
from studio.ui.camera_settings import CameraSettings
from studio.ui.cameras import CameraService

PHONE = (
    "A phone is a camera too: install “IP Webcam” (Android) and write "
    "http://ADDRESS:8080/video, or an RTSP app and rtsp://ADDRESS:PORT/. "
    "The app shows the address; both must be in one network."
)
VIDEOS = "Videos (*.mp4 *.mov *.m4v *.mkv *.webm *.avi)"


class CameraList(QWidget):
    """Edits the set of cameras of a :class:`CameraService`, and shows how each fares."""

    def __init__(self, cameras: CameraService) -> None:
        super().__init__()
        self._cameras = cameras
        self.cards: dict[str, CameraCard] = {}
        self.settings: CameraSettings | None = None
        self._chosen = ""
        self._locked = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._empty = QLabel()
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        self._column.addWidget(self._empty)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(4)
        self._column.addLayout(self._cards)
        self.add_button = QPushButton("Add camera")
        self.add_button.setAccessibleName("Add a camera")
        theme.set_icon(self.add_button, "ph.plus")
        self._menu = QMenu(self.add_button)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self.fill_menu)
        self.add_button.setMenu(self._menu)
        self.open_button = QPushButton()
        self.open_button.clicked.connect(self._open_or_close)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.add_button, 1)
        row.addWidget(self.open_button, 1)
        self._column.addLayout(row)
        self._column.addWidget(self._stream_form())
        self.wrong = QLabel()
        self.wrong.setWordWrap(True)
        self.wrong.setProperty("verdict", "stop")
        self.wrong.hide()
        self._column.addWidget(self.wrong)
        cameras.changed.connect(self.refresh)
        cameras.told.connect(self.tell)
        cameras.ask.connect(self._asked)
        self.refresh()

    # -- adding

    def fill_menu(self) -> None:
        """List what can be added now: devices by name, then files and streams."""
        self._menu.clear()
        self._cameras.look_for_devices()
        free = self._cameras.free_devices()
        for device in free:
            action = self._menu.addAction(theme.icon("ph.camera"), device.name)
            action.setToolTip(device.place)
            action.triggered.connect(lambda _=False, device=device: self.add(device.source()))
        if not free:
            taken = any(s.kind == "device" for s in self._cameras.sources)
            text = "No further camera is plugged in" if taken else "No camera is plugged in"
            self._menu.addAction(self._cameras.devices.trouble or text).setEnabled(False)
        self._menu.addSeparator()
        for text, icon, call in (
            ("Video files…", "ph.film-strip", self._ask_videos),
            ("Picture folder…", "ph.images", self._ask_folder),
            ("Network stream or phone…", "ph.device-mobile", self.ask_stream),
        ):
            self._menu.addAction(theme.icon(icon), text).triggered.connect(lambda _=0, c=call: c())

    def add(self, *sources: Source) -> None:
        """Take cameras in and open them: the user asked for it."""

        def take_in() -> None:
            added = self._cameras.add(*sources)
            self._cameras.open()
            if len(added) == 1 and added[0].kind == "device":
                self.choose(added[0].id)

        if sources:
            self._try(take_in)

    def add_places(self, places: Sequence[str]) -> None:
        """Add files, folders or addresses; what cannot be used is explained below the list."""
        self._try(lambda: self.add(*(source_of(place) for place in places)))

    def _asked(self, what: str) -> None:
        self.ask_stream() if what == "stream" else self._ask_videos()

    def _ask_videos(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self.window(), "Videos to use as cameras", "", VIDEOS
        )
        self.add_places(paths)

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self.window(), "A folder of pictures as a camera")
        self.add_places([path] if path else [])

    def _stream_form(self) -> QWidget:
        self.stream = QLineEdit()
        self.stream.setPlaceholderText("rtsp:// or http:// address")
        self.stream.setAccessibleName("Address of the stream")
        self.stream.returnPressed.connect(self._add_stream)
        add, hint = QPushButton("Add"), QLabel(PHONE)
        add.clicked.connect(self._add_stream)
        hint.setProperty("role", "small")
        hint.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.stream, 1)
        row.addWidget(add)
        self.stream_form = QWidget()
        column = QVBoxLayout(self.stream_form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(hint)
        self.stream_form.hide()
        return self.stream_form

    def ask_stream(self) -> None:
        """Ask for an address, below the list."""
        self.stream_form.show()
        self.stream.setFocus()

    def _add_stream(self) -> None:
        before = len(self._cameras.sources)
        self.add_places([self.stream.text().strip()])
        if len(self._cameras.sources) > before:
            self.stream.clear()
            self.stream_form.hide()

    def _try(self, call: Callable[[], object]) -> None:
        try:
            self.wrong.hide()
            call()
        except StudioError as error:
            self.wrong.setText(f"{error.message} {error.hint}".strip())
            self.wrong.show()

    # -- opening, choosing, changing

    def _open_or_close(self) -> None:
        cameras = self._cameras
        cameras.close_cameras() if cameras.running else cameras.open()

    def choose(self, id: str) -> None:
        """Show the settings of a camera below it; choosing it again puts them away."""
        if id == self._chosen:
            return
        self._chosen = id
        self._show_settings()

    def lock(self, on: bool) -> None:
        """While a take is recorded the set of cameras stays as it is."""
        if on != self._locked:
            self._locked = on
            self.refresh()

    def _show_settings(self) -> None:
        if self.settings is not None:
            self.settings.hide()
            self.settings.deleteLater()
            self.settings = None
        for id, card in self.cards.items():
            card.set_chosen(id == self._chosen)
        source = next((s for s in self._cameras.sources if s.id == self._chosen), None)
        if source is None:
            return
        self.settings = CameraSettings(source, self._cameras.devices.modes(source.id))
        self.settings.changed.connect(self._set)
        self.settings.setContentsMargins(8, 4, 4, 8)
        self.settings.setEnabled(not self._locked)
        place = self._cards.indexOf(self.cards[source.id])
        self._cards.insertWidget(place + 1, self.settings)

    def _set(self, source: Source) -> None:
        before = next((s for s in self._cameras.sources if s.id == source.id), None)
        self._try(lambda: self._cameras.change(source))
        if before is not None and before.size_px != source.size_px:
            self._show_settings()  # other rates belong to another size

    def _rename(self, id: str, name: str) -> None:
        source = next((s for s in self._cameras.sources if s.id == id), None)
        if source is not None:
            self._try(lambda: self._cameras.change(source.model_copy(update={"name": name})))

    def _move(self, id: str, step: int) -> None:
        ids = [source.id for source in self._cameras.sources]
        self._cameras.move(id, ids.index(id) + step)
        self.cards[id].setFocus()

    # -- showing

    def refresh(self) -> None:
        """Show the set as it is now."""
        sources = self._cameras.sources
        if [(s.id, s.name) for s in sources] != [(c.source.id, c.source.name)
                                                 for c in self.cards.values()]:  # fmt: skip
            self._rebuild(sources)
        for card in self.cards.values():
            card.lock(self._locked)
        if self.settings is not None:
            self.settings.setEnabled(not self._locked)
        self._empty.setVisible(not sources)
        self._empty.setText(self._invitation())
        self.add_button.setEnabled(not self._locked)
        running = self._cameras.running
        self.open_button.setVisible(bool(sources))
        self.open_button.setEnabled(not self._locked)
        self.open_button.setText("Close" if running else "Open all" if len(sources) > 1 else "Open")
        self.open_button.setAccessibleName("Close the cameras" if running else "Open the cameras")
        theme.set_icon(self.open_button, "ph.stop" if running else "ph.play")
        self.tell()

    def _invitation(self) -> str:
        trouble = self._cameras.devices.trouble
        if trouble:
            return f"{trouble} Video files, picture folders and network streams work."
        if not self._cameras.devices.plugged:
            return (
                "No camera is plugged in. Plug one in, or add a phone, a network stream, a video "
                "or a folder of pictures: they all work as cameras."
            )
        return "No camera yet. Add one: nothing is opened before you do."

    def _rebuild(self, sources: tuple[Source, ...]) -> None:
        for card in self.cards.values():
            card.hide()
            card.deleteLater()
        self.cards = {}
        for source in sources:
            card = self.cards[source.id] = CameraCard(source)
            card.chosen.connect(self.choose)
            card.renamed.connect(self._rename)
            card.removed.connect(self._cameras.remove)
            card.moved.connect(self._move)
            self._cards.addWidget(card)
        if self._chosen not in self.cards:
            self._chosen = ""
        self._show_settings()

    def tell(self) -> None:
        """How each camera fares."""
        if not self.isVisible():
            return
        present = {p.device.id for p in self._cameras.devices.plugged}
        for id, card in self.cards.items():
            camera = self._cameras.hub.camera(id)
            absent = card.source.kind == "device" and id not in present
            if camera is None:
                card.fare(None, None, absent)
            else:
                card.fare(camera.stats(), camera.newest())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._cameras.look_for_devices()
        self.refresh()
