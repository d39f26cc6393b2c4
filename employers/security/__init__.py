"""Sign-in that holds: throttles, lockouts, second factors, console sessions."""
