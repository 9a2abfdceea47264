"""Measuring a model: reconstruction, likelihood, latent quality, generation."""

from vaecore.evaluation.examined import Examined
from vaecore.evaluation.report import Report, evaluate, report_on

__all__ = ["Examined", "Report", "evaluate", "report_on"]
