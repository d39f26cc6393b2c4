"""Turns the bytes of an upload into clean pages, in a child process with limits."""
