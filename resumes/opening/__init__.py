"""Opens resumes of all accepted formats in a sandboxed child process and draws their pages."""
