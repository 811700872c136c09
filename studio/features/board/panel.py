"""The board's panel: the step's own form, the sheets as they will be printed, and the words with
which to calibrate."""

from __future__ import annotations

from pydantic import ValidationError
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.features.board.layout import Page, lay_out
from studio.features.board.params import Params
from studio.perception.boards.spec import scaled
from studio.registry import Feature
from studio.ui import theme
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio

_WHITE, _BLACK = QColor(255, 255, 255), QColor(0, 0, 0)


class SheetPreview(QWidget):
    """A sheet as it will be printed, as large as fits."""

    def __init__(self) -> None:
        super().__init__()
        self._page: Page | None = None
        self.setMinimumHeight(theme.look().px(128))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Preview of the sheet")

    def sizeHint(self) -> QSize:
        return QSize(280, theme.look().px(176))

    def set_page(self, page: Page | None) -> None:
        """Show another sheet."""
        self._page = page
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        page = self._page
        if page is None:
            return
        scale = min(self.width() / page.width_m, self.height() / page.height_m)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(
            (self.width() - page.width_m * scale) / 2, (self.height() - page.height_m * scale) / 2
        )
        painter.fillRect(QRectF(0, 0, page.width_m * scale, page.height_m * scale), _WHITE)
        for rectangles in (page.pattern, page.marks):
            path = QPainterPath()
            for x, y, w, h in rectangles * scale:
                path.addRect(QRectF(x, y, w, h))
            painter.fillPath(path, _BLACK)
        painter.setPen(_BLACK)
        for words in page.words:
            font = QFont(self.font())
            font.setPixelSize(max(1, round(words.size_m * scale)))
            painter.setFont(font)
            painter.drawText(round(words.x_m * scale), round(words.y_m * scale), words.text)
        painter.end()


class Panel(StepPanel):
    """Shows the sheets while the board is designed."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self._pages: tuple[Page, ...] = ()
        self._shown = 0
        self._preview = SheetPreview()
        self._sheet = QLabel()
        self._sheet.setProperty("role", "small")
        self._back, self._on = QPushButton(), QPushButton()
        for button, icon, name, step in (
            (self._back, "ph.caret-left", "Sheet before", -1),
            (self._on, "ph.caret-right", "Next sheet", 1),
        ):
            theme.set_icon(button, icon)
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.setProperty("role", "link")
            button.clicked.connect(lambda _=False, step=step: self._leaf(step))
        self._told = QLabel()
        self._told.setWordWrap(True)
        self._told.setProperty("role", "muted")
        self._copy = QPushButton("Copy its name")
        self._copy.setProperty("role", "link")
        theme.set_icon(self._copy, "ph.copy", "accent")
        self._copy.setToolTip("The words after --board, and in “Calibrate”")
        self._copy.clicked.connect(self._copied)
        self._spec = ""
        super().__init__(studio, feature)

    def build(self, place: QVBoxLayout) -> None:
        leaf = QHBoxLayout()
        leaf.addWidget(self._copy)
        leaf.addStretch(1)
        leaf.addWidget(self._back)
        leaf.addWidget(self._sheet)
        leaf.addWidget(self._on)
        place.addWidget(self._preview)
        place.addWidget(self._told)
        place.addLayout(leaf)
        super().build(place)
        if self.form is not None:
            self.form.changed.connect(self._redraw)
        self._redraw()

    def run_text(self) -> str:
        return "Write the files to print"

    def _redraw(self) -> None:
        """Lay the board out anew, or say why there can be no such board."""
        try:
            params = Params.model_validate(self.params().model_dump())
            board = params.board()
            self._pages = lay_out(board, params.paper_m, params.margin_mm / 1000)
            self._spec = scaled(board, params.scale).spec
            text = f"{board.name}.\nIts name: {self._spec}"
            self._told.setText(f"{text}\n{board.note}" if board.note else text)
        except ValidationError:
            return
        except StudioError as error:
            self._pages, self._spec = (), ""
            self._told.setText(str(error))
        self._copy.setEnabled(bool(self._spec))
        self.run_button.setEnabled(bool(self._pages) and self.run_button.isEnabled())
        self._leaf(0)

    def _leaf(self, step: int) -> None:
        """Turn to another sheet."""
        count = len(self._pages)
        self._shown = min(max(self._shown + step, 0), max(count - 1, 0))
        self._preview.set_page(self._pages[self._shown] if count else None)
        self._sheet.setText(f"Sheet {self._shown + 1} of {count}" if count > 1 else "")
        self._back.setVisible(count > 1)
        self._on.setVisible(count > 1)
        self._back.setEnabled(self._shown > 0)
        self._on.setEnabled(self._shown < count - 1)

    def _copied(self) -> None:
        QGuiApplication.clipboard().setText(self._spec)
        self.studio.notices.say("The board's name is on the clipboard.")
