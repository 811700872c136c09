"""The networks that Doppel trains: their figures, their training, their runs."""

from studio.ui.networks.window import NetworksWindow

__all__ = ["NetworksWindow"]
