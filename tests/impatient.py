"""The worker of a job, which keeps its state at every epoch: a kill then finds something to go on from."""

from vaecore import training, worker

training.SAVE_SECONDS = 0.0
worker.main()
