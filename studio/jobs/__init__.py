"""Engines at work: a context they may ask, lanes that run them, jobs that the screen can watch."""

from studio.jobs.job import Context, Engine, Job, State, run
from studio.jobs.lanes import Lanes

__all__ = ["Context", "Engine", "Job", "Lanes", "State", "run"]
