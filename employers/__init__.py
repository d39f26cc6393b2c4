"""Who asks? Employers, their members, and the platforms' API clients."""
