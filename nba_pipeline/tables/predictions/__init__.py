"""Prediction tables: what a model sees, what is forecast, and how it turned out."""
