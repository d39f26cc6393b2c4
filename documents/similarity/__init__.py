"""Finds copies of a picture, with a perceptual hash and keypoints."""
