"""How an employer moves between tiers: abuse signals, step-ups, appeals, canaries."""
