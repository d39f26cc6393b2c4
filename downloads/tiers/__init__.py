"""Changes between tiers: abuse signals, step-ups, appeals and canaries."""
