"""Jobs: runs that are trained by processes of their own, which go on when nobody watches, one after the other."""

from vaecore.jobs.estimating import Estimate, estimate, parameters, sized
from vaecore.jobs.forms import Field, dataset_of, datasets, fields, recipes_for
from vaecore.jobs.queue import ME, claim, delete, ended, find, present, resume, set_limit, start, stop, waiting
from vaecore.jobs.queue import listed as list
from vaecore.jobs.tickets import Job, home
from vaecore.jobs.watching import Progress, epochs, progress, watch

__all__ = [
    "ME",
    "Estimate",
    "Field",
    "Job",
    "Progress",
    "claim",
    "dataset_of",
    "datasets",
    "delete",
    "ended",
    "epochs",
    "estimate",
    "fields",
    "find",
    "home",
    "list",
    "parameters",
    "present",
    "progress",
    "recipes_for",
    "resume",
    "set_limit",
    "sized",
    "start",
    "stop",
    "waiting",
    "watch",
]
