"""Turns the bytes of an upload into clean pages, inside a child process with limits."""
