"""Opens a resume of any accepted format inside a child process with limits, and draws its pages."""
