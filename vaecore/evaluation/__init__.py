"""Measuring a model: reconstruction, likelihood, latent quality, generation."""

from vaecore.evaluation.report import evaluate

__all__ = ["evaluate"]
