"""Runs the checks of a case, applies the policy's verdict, and explains and replays decisions."""
