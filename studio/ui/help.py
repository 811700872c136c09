"""Help: short pages, searched by words, opened at the panel in front of you."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from studio.core.resources import resource
from studio.ui.commands import Commands
from studio.ui.shortcuts import sheet


@dataclass(frozen=True)
class Page:
    """One help page. Its file's name is the id of a feature or of a dock, or a topic."""

    id: str
    title: str
    text: str


def pages() -> tuple[Page, ...]:
    """All pages, the first steps first."""
    found: list[Page] = []
    for file in sorted(resource("help").glob("*.md")):
        text = file.read_text("utf-8")
        title = text.partition("\n")[0].lstrip("# ").strip()
        found.append(Page(file.stem, title, text))
    return tuple(sorted(found, key=lambda page: (page.id != "start", page.title)))


def find(query: str, within: tuple[Page, ...]) -> tuple[Page, ...]:
    """Pages that hold every word; those with a word in the title first."""
    words = query.casefold().split()
    hits = [p for p in within if all(word in p.text.casefold() for word in words)]
    return tuple(sorted(hits, key=lambda p: -sum(word in p.title.casefold() for word in words)))


def _space_out(document: QTextDocument) -> None:
    """Give paragraphs the air that Markdown in Qt lacks."""
    cursor = QTextCursor(document)
    block = document.begin()
    while block.isValid():
        cursor.setPosition(block.position())
        form = block.blockFormat()
        level = form.headingLevel()
        form.setTopMargin(16 if level > 1 else 0)
        form.setBottomMargin(8 if not block.textList() else 4)
        form.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if not cursor.currentTable():
            cursor.setBlockFormat(form)
        block = block.next()


class Help(QDialog):
    """The help window. It stays beside the work; nothing waits for it."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Help")
        self.resize(880, 600)
        self._commands = commands
        self._pages = (*pages(), Page("shortcuts", "Keyboard shortcuts", sheet(commands)))
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search the help")
        self.field.setAccessibleName("Search the help")
        self.field.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Help pages")
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(True)
        self.text.setAccessibleName("Help page")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.text)
        split.setSizes([240, 640])
        split.setHandleWidth(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(split, 1)
        self.field.textChanged.connect(self.search)
        self.list.currentItemChanged.connect(self._turn)
        commands.changed.connect(self._keys_changed)
        self.search("")

    def search(self, query: str) -> None:
        """List the pages that hold the words; all of them if there are none."""
        self.list.clear()
        for page in find(query, self._pages):
            item = QListWidgetItem(page.title)
            item.setData(Qt.ItemDataRole.UserRole, page)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def open_page(self, id: str) -> None:
        """Show a page; the first steps if there is no such page."""
        self.field.clear()
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole).id == id:
                self.list.setCurrentRow(row)
                break
        self.show()
        self.raise_()
        self.activateWindow()

    def _turn(self) -> None:
        item = self.list.currentItem()
        if item:
            page: Page = item.data(Qt.ItemDataRole.UserRole)
            features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub
            self.text.document().setMarkdown(page.text, features)
            self.text.document().setDocumentMargin(16)
            _space_out(self.text.document())

    def _keys_changed(self) -> None:
        self._pages = (*self._pages[:-1],
                       Page("shortcuts", "Keyboard shortcuts", sheet(self._commands)))  # fmt: skip
