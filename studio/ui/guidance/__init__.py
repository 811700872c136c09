"""What a person sees while they show a board to the cameras, and what came of it."""

from studio.ui.guidance.board_chooser import BoardChooser
from studio.ui.guidance.coverage import CoverageGrid, CoverageMap
from studio.ui.guidance.gates import GateList
from studio.ui.guidance.next_action import NextAction
from studio.ui.guidance.pair_graph import PairGraph

__all__ = ["BoardChooser", "CoverageGrid", "CoverageMap", "GateList", "NextAction", "PairGraph"]
