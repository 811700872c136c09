"""The stage: layers composed into pictures, the avatar among them, while somebody performs."""

from studio.live.stage.stage import Stager

__all__ = ["Stager"]
