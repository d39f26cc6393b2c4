"""Finds the same picture again: a perceptual hash and keypoints."""
