"""Who operates the channels of staff alerts, and what they and others are told."""
