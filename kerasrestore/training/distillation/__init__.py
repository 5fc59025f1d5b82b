"""Distillation: training students with teachers."""
