"""Tests of the channels of staff alerts."""
