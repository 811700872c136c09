"""Preferences survive; broken ones never block the start."""

import pytest
from pydantic import ValidationError

from studio.core.settings import Settings, SettingsFile


def test_change_is_kept(tmp_path):
    path = tmp_path / "deep" / "settings.json"
    SettingsFile(path).change(theme="light", recent=("a", "b"))
    assert SettingsFile(path).value.theme == "light"
    assert SettingsFile(path).value.recent == ("a", "b")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"theme": "plaid"}', "\x00\x01"])
def test_broken_settings_give_defaults(tmp_path, text):
    path = tmp_path / "settings.json"
    path.write_text(text)
    assert SettingsFile(path).value == Settings()


def test_unknown_fields_are_ignored(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "light", "from_the_future": 3}')
    assert SettingsFile(path).value.theme == "light"


def test_invalid_change_is_refused(tmp_path):
    with pytest.raises(ValidationError):
        SettingsFile(tmp_path / "s.json").change(font_scale=9)


def test_unwritable_folder_does_not_raise(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert SettingsFile(blocked / "settings.json").change(theme="light").theme == "light"
