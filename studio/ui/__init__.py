"""The window: the only room below the features that knows Qt."""

from studio.ui.immortal import immortalise

immortalise()
